"""Images for the networks: float32 in [-1, 1] with the channels first.

The only two places where the range changes. Apart from `idfsr.io.images`, so that stages without
a network do not wait for torch.
"""

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor


def to_network(
    images: UInt8[np.ndarray, "B H W 3"] | UInt8[np.ndarray, "H W 3"],
) -> Float[Tensor, "B 3 H W"]:
    """Bring images from 0...255 to [-1, 1], channels first: 0 becomes -1 and 255 becomes 1.

    Returns:
        A batch; a single image is a batch of one.
    """
    batch = images if images.ndim == 4 else images[None]  # noqa: PLR2004  B H W 3
    channels_first = torch.from_numpy(np.ascontiguousarray(batch.transpose(0, 3, 1, 2)))
    return channels_first.to(torch.float32).div_(127.5).sub_(1)


def from_network(images: Float[Tensor, "B 3 H W"]) -> UInt8[np.ndarray, "B H W 3"]:
    """Bring images from [-1, 1] to 0...255: clamp, then round; the inverse of `to_network`."""
    levels = images.detach().float().add(1).mul(127.5).clamp(0, 255).round().to(torch.uint8)
    return np.ascontiguousarray(levels.cpu().numpy().transpose(0, 2, 3, 1))
