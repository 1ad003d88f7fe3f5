"""Luma, on which much of the super-resolution literature measures PSNR and SSIM."""

from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor

WEIGHTS: Final = (65.481, 128.553, 24.966)
OFFSET: Final = 16.0
"""Of Y' in [16, 235] for R', G', B' in [0, 1] (ITU-R BT.601-7, section 2.5)."""


def to_luma(images: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 1 H W"]:
    """Return the luma Y' of BT.601, unrounded.

    Its 220 levels are fewer than the colours' 256, and it averages over the channels: PSNR and
    SSIM are higher on it.

    Args:
        images: In [0, 1].

    Returns:
        In [16 / 255, 235 / 255], so that differences are still of a range of 1.
    """
    weights = torch.tensor(WEIGHTS, dtype=images.dtype, device=images.device)
    return ((images * weights[:, None, None]).sum(dim=1, keepdim=True) + OFFSET) / 255
