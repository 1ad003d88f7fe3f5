"""BRISQUE, an image quality score without a reference (Mittal, Moorthy and Bovik 2012).

The statistics of locally normalised luminance, at two scales, go through a support vector
regression that its authors trained on human ratings of photographs. Its model file and the
conventions that the authors left open are those of the package `brisque`.
"""

from pathlib import Path
from typing import Final, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from idfsr.errors import IdfsrError
from idfsr.io.assets import check_asset
from idfsr.metrics.engine.gaussian import gaussian_matrix

RADIUS: Final = 3
SIGMA: Final = 7 / 6
"""The window of 7 x 7 pixels, in pixels (section III-A)."""

STABILISER: Final = 1 / 255
"""C of Eq. 1, which the authors give as 1 for levels from 0 to 255."""

SHAPE_RANGE: Final = (0.2, 10.0)
"""The exponents among which the authors' code looks for the best fit."""

LUMA: Final = (0.2125, 0.7154, 0.0721)
"""Weights of red, green and blue (scikit-image, rgb2gray)."""

# fmt: off
FEATURE_MIN: Final = (
    0.336999, 0.019667, 0.23, -0.125959, 0.000167, 0.000616, 0.231, -0.125873, 0.000165,
    0.0006, 0.241, -0.128814, 0.000179, 0.000386, 0.243, -0.13308, 0.000182, 0.000421,
    0.436998, 0.016929, 0.247, -0.200231, 0.000104, 0.000834, 0.257, -0.200017, 0.000112,
    0.000876, 0.257, -0.155072, 0.000112, 0.000356, 0.258, -0.154374, 0.000117, 0.000351,
)
FEATURE_MAX: Final = (
    9.999411, 0.807472, 1.644021, 0.202917, 0.712384, 0.468672, 1.644021, 0.169548, 0.713132,
    0.467896, 1.553016, 0.101368, 0.687324, 0.533087, 1.554016, 0.101, 0.689177, 0.533133,
    3.639918, 0.800955, 1.096995, 0.175286, 0.755547, 0.39927, 1.095995, 0.155928, 0.751488,
    0.402398, 1.041992, 0.093209, 0.623516, 0.532925, 1.042992, 0.093714, 0.621958, 0.534484,
)
# fmt: on
"""Of the 36 features over the training images, brought to -1 and 1 (normalize.pickle of the
package, which is not unpickled)."""

NUM_BISECTIONS: Final = 50
"""Halvings of `SHAPE_RANGE`: to the last digit of float64."""


class SupportVectorRegression(NamedTuple):
    """f(x) = sum_i coefficient_i exp(-gamma |x - vector_i|^2) - rho, as in libsvm."""

    vectors: Float[Tensor, "N 36"]
    coefficients: Float[Tensor, "N"]
    gamma: float
    rho: float


def load_brisque(assets_dir: Path) -> SupportVectorRegression:
    """Read the model file of the package `brisque`.

    Raises:
        IdfsrError: The file is missing or is not the one that was measured.
    """
    text = check_asset(assets_dir, "brisque").read_text(encoding="ascii")
    head, _, body = text.partition("SV\n")
    settings = dict(line.split(" ", 1) for line in head.splitlines())
    rows = [line.split() for line in body.splitlines()]
    # Every vector lists all of its entries, "1:-0.597198 2:-0.143425 ...".
    vectors = [[float(entry.split(":")[1]) for entry in row[1:]] for row in rows]
    return SupportVectorRegression(
        torch.tensor(vectors, dtype=torch.float64),
        torch.tensor([float(row[0]) for row in rows], dtype=torch.float64),
        float(settings["gamma"]),
        float(settings["rho"]),
    )


def brisque(images: Float[Tensor, "B 3 H W"], model: SupportVectorRegression) -> Float[Tensor, "B"]:
    """Return the predicted difference to a perfect image, lower is better.

    Args:
        images: In [0, 1], of even height and width, float64.
        model: Of `load_brisque`.

    Returns:
        About 0 to 100 for photographs with the distortions of the training, but without bound.

    Raises:
        IdfsrError: The height or the width is odd.
    """
    features = scene_statistics(images)
    low, high = (features.new_tensor(values) for values in (FEATURE_MIN, FEATURE_MAX))
    scaled = 2 * (features - low) / (high - low) - 1
    distances = (scaled[:, None] - model.vectors.to(scaled)).square().sum(dim=2)
    kernel = torch.exp(-model.gamma * distances)
    return kernel @ model.coefficients.to(scaled) - model.rho


def scene_statistics(images: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 36"]:
    """Return the 18 features of the luminance and the 18 of its copy of half the size.

    Args:
        images: In [0, 1], of even height and width.

    Raises:
        IdfsrError: The height or the width is odd.
    """
    height, width = images.shape[-2:]
    if height % 2 or width % 2:
        message = f"images of {width} x {height} px, wanted even numbers for BRISQUE"
        raise IdfsrError(message)
    luminance = (images * images.new_tensor(LUMA).view(3, 1, 1)).sum(dim=1, keepdim=True)
    half = functional.interpolate(luminance, scale_factor=0.5, mode="bicubic")
    return torch.cat([_statistics(luminance.squeeze(1)), _statistics(half.squeeze(1))], dim=1)


def normalise_contrast(luminance: Float[Tensor, "B H W"]) -> Float[Tensor, "B H W"]:
    """Subtract the local mean and divide by the local deviation: MSCN, Eq. 1 to 3.

    Beyond the image is zero.
    """
    vertical, horizontal = (
        gaussian_matrix(size, RADIUS, SIGMA).to(luminance) for size in luminance.shape[-2:]
    )
    mean = vertical @ luminance @ horizontal.T
    variance = vertical @ luminance.square() @ horizontal.T - mean.square()
    return (luminance - mean) / (variance.abs().sqrt() + STABILISER)


def _statistics(luminance: Float[Tensor, "B H W"]) -> Float[Tensor, "B 18"]:
    """Fit the coefficients and the products of neighbours in four directions (section III-A)."""
    mscn = normalise_contrast(luminance)
    neighbours = (
        mscn[:, :, :-1] * mscn[:, :, 1:],
        mscn[:, :-1] * mscn[:, 1:],
        mscn[:, :-1, :-1] * mscn[:, 1:, 1:],
        mscn[:, 1:, :-1] * mscn[:, :-1, 1:],
    )
    shape, _, left, right = fit_generalised_gaussian(mscn.flatten(1))
    features = [shape, (left + right) / 2]
    for products in neighbours:
        features.extend(fit_generalised_gaussian(products.flatten(1)))
    return torch.stack(features, dim=1)


def fit_generalised_gaussian(values: Float[Tensor, "B N"]) -> tuple[Float[Tensor, " B"], ...]:
    """Fit an asymmetric generalised Gaussian to each row by its moments (Lasmar et al. 2009).

    Returns:
        Exponent, mean, and the mean squares of the negative values and of the others, each "B".
        Rows without spread, of an image of one colour, get the smallest exponent.
    """
    tiny = torch.finfo(values.dtype).tiny
    squares, negative = values.square(), values < 0
    left, right = (
        (squares * side).sum(dim=1) / side.sum(dim=1).clamp(min=1) for side in (negative, ~negative)
    )
    a, b = left.sqrt(), right.sqrt()
    ratio = values.abs().mean(dim=1).square() / squares.mean(dim=1).clamp(min=tiny)
    asymmetry = (a**3 + b**3) * (a + b) / (left + right).square().clamp(min=tiny)
    shape = _invert_moment_ratio(ratio * asymmetry)
    log_gammas = [torch.lgamma(k / shape) for k in (1, 2, 3)]
    mean = (b - a) * torch.exp(log_gammas[1] - 0.5 * (log_gammas[0] + log_gammas[2]))
    return shape, mean, left, right


def _invert_moment_ratio(ratio: Float[Tensor, "B"]) -> Float[Tensor, "B"]:
    """Find the exponent s in `SHAPE_RANGE` with Gamma(2/s)^2 / (Gamma(1/s) Gamma(3/s)) = ratio.

    The ratio rises with s, from 0.063 to 0.74; beyond these the end of the range is the answer.
    """
    low, high = (torch.full_like(ratio, end) for end in SHAPE_RANGE)
    for _ in range(NUM_BISECTIONS):
        middle = (low + high) / 2
        log_ratio = (
            2 * torch.lgamma(2 / middle) - torch.lgamma(1 / middle) - torch.lgamma(3 / middle)
        )
        too_small = log_ratio.exp() < ratio
        low, high = torch.where(too_small, middle, low), torch.where(too_small, high, middle)
    return (low + high) / 2
