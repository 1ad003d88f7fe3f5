"""PSNR, the peak signal-to-noise ratio."""

import torch
from jaxtyping import Float
from torch import Tensor


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
    return -10 * torch.log10(mean_squared_error)
