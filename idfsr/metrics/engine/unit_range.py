"""The range of images inside the metrics: [0, 1]."""

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor


def to_unit(images: UInt8[np.ndarray, "B H W 3"]) -> Float[Tensor, "B 3 H W"]:
    """Bring images from 0...255 to [0, 1] in float64, channels first.

    The one place where metrics change the range; those that run a network narrow the type.
    """
    channels_first = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
    return channels_first.to(torch.float64) / 255
