"""PSNR, the peak signal-to-noise ratio."""

from jaxtyping import Float

from idfsr.metrics.engine.metric import POSITIVE, Columns, Family, Metric, OfPairs, Pairs, Resources
from idfsr.metrics.engine.torch_types import Tensor


def psnr(
    sr_image: Float[Tensor, "B C H W"], gt_image: Float[Tensor, "B C H W"]
) -> Float[Tensor, "B"]:
    """Return 10 log10(1 / MSE), the MSE taken over the pixels of all channels.

    The paper does not say whether it means RGB or luma; docs/decisions/0019. Nothing is cropped off
    the border.

    Args:
        sr_image: In [0, 1].
        gt_image: In [0, 1].

    Returns:
        In dB, higher is better; infinite for equal images.
    """
    mean_squared_error = (sr_image - gt_image).square().mean(dim=(1, 2, 3))
    return -10 * mean_squared_error.log10()


def score(pairs: Pairs) -> Columns:
    """Fill the columns psnr and psnr_y."""
    from idfsr.metrics.engine.luma import to_luma
    from idfsr.metrics.engine.unit_range import to_unit

    images = to_unit(pairs.sr.image), to_unit(pairs.gt.image)
    return {"psnr": psnr(*images).numpy(), "psnr_y": psnr(*map(to_luma, images)).numpy()}


def load(_: Resources) -> OfPairs:
    """Return what scores pairs; it has no weights."""
    return OfPairs(score)


FAMILY = Family(
    metrics=(
        Metric(
            name="psnr",
            title="PSNR",
            unit="dB",
            decimals=2,
            direction="higher",
            value_range=POSITIVE,
            kind="pair",
            note=(
                "PSNR: over the three colours of the whole image, no border cropped; the paper "
                "does not say."
            ),
        ),
        Metric(
            name="psnr_y",
            title="PSNR (Y)",
            unit="dB",
            decimals=2,
            direction="higher",
            value_range=POSITIVE,
            kind="pair",
            note="PSNR (Y): over the luma of BT.601.",
        ),
    ),
    load=load,
)
