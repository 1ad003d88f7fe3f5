"""Affine moving least squares (Schaefer et al. 2006, section 2.1): a warp that follows landmarks.

As ASFFNet's public program has it, down to its two oddities: pixel centres stand at whole numbers
here and at halves in `grid_sample`, and what would come from outside comes from the first pixel.
"""

import torch
from jaxtyping import Float
from torch import Tensor

EPS = 1e-8
"""Added to the squared distance in each coordinate."""


def mls_affine(
    src: Float[Tensor, "B N 2"], dst: Float[Tensor, "B N 2"], places: Float[Tensor, "P 2"]
) -> Float[Tensor, "B P 2"]:
    """Say where in the source each place of the result comes from.

    Schaefer et al. (2006), Eq. 5, solved for the way back: f(v) = (v - q*) A^-1 B + p* with
    A = sum of w p^T q and B = sum of w p^T p, where p are the points of the source and q those of
    the result, less their weighted means p* and q*. The weights are 1 / |p - v|^2, so by the
    distance to the points of the source.

    Args:
        src: (x, y) of control points in the source.
        dst: (x, y) of the same points in the result.
        places: (x, y) in the result.

    Returns:
        (x, y) in the source.
    """
    offsets = src[:, :, None] - places  # B N P 2
    weights = 1 / (offsets.square() + EPS).sum(-1)
    weights = weights / weights.sum(1, keepdim=True)
    p_star, q_star = (torch.einsum("bnp,bnc->bpc", weights, points) for points in (src, dst))
    p, q = (points[:, :, None] - mean[:, None] for points, mean in ((src, p_star), (dst, q_star)))
    moments = torch.einsum("bnp,bnpi,bnpj->bpij", weights, p, torch.cat([q, p], dim=-1))
    across, within = moments[..., :2], moments[..., 2:]
    linear = torch.linalg.solve(across, within)
    return torch.einsum("bpi,bpij->bpj", places - q_star, linear) + p_star


def mls_grid(
    src: Float[Tensor, "B N 2"], dst: Float[Tensor, "B N 2"], size: int
) -> Float[Tensor, "B size size 2"]:
    """Return the warp of features as a grid for `grid_sample`.

    Convention: points are in pixels of the features, their centres at whole numbers; the grid has
    (x, y) in [-1, 1]. Coordinates outside of the features become 0 one by one.

    Args:
        src: (x, y) of the control points in the reference's features.
        dst: (x, y) of the same points in the image's features.
        size: Side of the features.
    """
    steps = torch.arange(size, dtype=torch.float64, device=src.device)
    rows, columns = torch.meshgrid(steps, steps, indexing="ij")
    places = torch.stack([columns, rows], dim=-1).flatten(0, 1)
    moved = mls_affine(src.double(), dst.double(), places)
    moved = torch.where((moved < 0) | (moved > size - 1), 0.0, moved)
    return torch.unflatten((moved / (size / 2) - 1).float(), 1, (size, size))
