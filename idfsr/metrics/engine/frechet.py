"""The Frechet distance between two sets of features, each taken for a Gaussian.

On Inception's features it would be FID; on those of another network it has another scale. With
fewer images than features both covariances are singular and the value is biased upwards and
depends on the number of images: compare values only at equal numbers of images, and print them.
"""

from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor

from idfsr.metrics.engine.metric import MIN_IMAGES

ROWS_TO_REDUCE: Final = 1.25
"""Images per feature above which triangles are cheaper than the centred rows themselves; at twice
as many images as features they take a third of the time."""


def check_num_images(x: Float[Tensor, "N D"], y: Float[Tensor, "M D"]) -> None:
    """Refuse sets without a spread.

    Raises:
        ValueError: A set has fewer than two images.
    """
    if min(len(x), len(y)) < MIN_IMAGES:
        message = f"{len(x)} and {len(y)} images, wanted {MIN_IMAGES} or more in each set"
        raise ValueError(message)


def frechet_distance(x: Float[Tensor, "N D"], y: Float[Tensor, "M D"]) -> float:
    """Return |mu_x - mu_y|^2 + tr(C_x + C_y - 2 (C_x C_y)^(1/2)).

    Heusel et al. (2017), Eq. 6, after Dowson and Landau (1982). With centred rows A / sqrt(N - 1)
    and B / sqrt(M - 1) the covariances are A^T A and B^T B, and the eigenvalues of C_x C_y are the
    squared singular values of A B^T, so the trace of the root is their sum: an N x M matrix in
    place of the square root of a D x D one (as Mathiasen and Hvilshoj 2020, section 2). Of many
    images the triangle R of A = Q R stands in for A: R^T R = A^T A, and R is D x D.

    Args:
        x: Features, one image a row.
        y: Likewise, of the other set.

    Returns:
        The squared distance, 0 or more, lower is better.

    Raises:
        ValueError: A set has fewer than two images.
    """
    check_num_images(x, y)
    x, y = x.double(), y.double()
    x_mean, y_mean = x.mean(dim=0), y.mean(dim=0)
    A = _reduce_rows((x - x_mean) / (len(x) - 1) ** 0.5)
    B = _reduce_rows((y - y_mean) / (len(y) - 1) ** 0.5)
    trace = A.square().sum() + B.square().sum() - 2 * torch.linalg.svdvals(A @ B.T).sum()
    distance = float((x_mean - y_mean).square().sum() + trace)
    return max(0.0, distance)  # rounding can leave equal sets below zero


def _reduce_rows(rows: Float[Tensor, "N D"]) -> Float[Tensor, "_ D"]:
    """Return the rows or, of many, the triangle with the same products of columns."""
    if len(rows) <= ROWS_TO_REDUCE * rows.shape[1]:
        return rows
    triangle: Tensor = torch.linalg.qr(rows, mode="r").R
    return triangle
