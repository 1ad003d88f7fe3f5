"""SSIM, the structural similarity."""

from typing import Final

from jaxtyping import Float

from idfsr.errors import IdfsrError
from idfsr.metrics.engine.metric import Columns, Family, Metric, OfPairs, Pairs, Resources
from idfsr.metrics.engine.torch_types import Tensor

RADIUS: Final = 5
SIGMA: Final = 1.5
"""The window of 11 x 11 pixels, in pixels (Wang et al. 2004, section III.C)."""

K1: Final = 0.01
K2: Final = 0.03
"""Of the constants that keep the ratios stable (Wang et al. 2004, section III.C)."""


def ssim(
    sr_image: Float[Tensor, "B C H W"], gt_image: Float[Tensor, "B C H W"]
) -> Float[Tensor, "B"]:
    """Return the mean SSIM over the places where the window lies inside, and over the channels.

    Wang et al. (2004), Eq. 13 with alpha = beta = gamma = 1, moments weighted by Eq. 14 to 16
    without Bessel's correction; as scikit-image with gaussian_weights=True,
    use_sample_covariance=False.

    Args:
        sr_image: In [0, 1].
        gt_image: In [0, 1].

    Returns:
        In [-1, 1], higher is better.

    Raises:
        IdfsrError: The images are smaller than the window.
    """
    from idfsr.metrics.engine.gaussian import gaussian_matrix

    height, width = sr_image.shape[-2:]
    if min(height, width) <= 2 * RADIUS:
        message = f"images of {width} x {height} px, wanted {2 * RADIUS + 1} px or more for SSIM"
        raise IdfsrError(message)
    vertical, horizontal = (
        gaussian_matrix(size, RADIUS, SIGMA)[RADIUS:-RADIUS].to(sr_image)
        for size in (height, width)
    )

    def local_mean(values: Tensor) -> Tensor:
        return vertical @ values @ horizontal.T

    x_mean, y_mean = local_mean(sr_image), local_mean(gt_image)
    x_variance = local_mean(sr_image.square()) - x_mean.square()
    y_variance = local_mean(gt_image.square()) - y_mean.square()
    covariance = local_mean(sr_image * gt_image) - x_mean * y_mean
    luminance = (2 * x_mean * y_mean + K1**2) / (x_mean.square() + y_mean.square() + K1**2)
    structure = (2 * covariance + K2**2) / (x_variance + y_variance + K2**2)
    return (luminance * structure).mean(dim=(1, 2, 3))


def score(pairs: Pairs) -> Columns:
    """Fill the columns ssim and ssim_y."""
    from idfsr.metrics.engine.luma import to_luma
    from idfsr.metrics.engine.unit_range import to_unit

    images = to_unit(pairs.sr.image), to_unit(pairs.gt.image)
    return {"ssim": ssim(*images).numpy(), "ssim_y": ssim(*map(to_luma, images)).numpy()}


def load(_: Resources) -> OfPairs:
    """Return what scores pairs; it has no weights."""
    return OfPairs(score)


FAMILY = Family(
    metrics=(
        Metric(
            name="ssim",
            title="SSIM",
            unit="",
            decimals=4,
            direction="higher",
            value_range=(-1.0, 1.0),
            kind="pair",
            note=(
                "SSIM: Wang et al. (2004), a Gaussian window of 11 pixels, mean over the colours."
            ),
        ),
        Metric(
            name="ssim_y",
            title="SSIM (Y)",
            unit="",
            decimals=4,
            direction="higher",
            value_range=(-1.0, 1.0),
            kind="pair",
            note="SSIM (Y): likewise, on the luma of BT.601.",
        ),
    ),
    load=load,
)
