"""The 68 landmarks that networks with references learn with.

They are those that the embedded detector finds in the degraded face and in the references, as at
restoring time.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from idfsr.models.landmarks68 import Landmarks68Net


@torch.no_grad()
def detect(
    detector: nn.Module | None, images: Float[Tensor, "*B 3 S S"]
) -> Float[Tensor, "*B 68 2"]:
    """Return landmarks in pixels, in full precision whatever that of the training is."""
    assert isinstance(detector, Landmarks68Net)
    with torch.autocast(images.device.type, enabled=False):
        found: Tensor = detector(images.flatten(0, -4))
    return found.double().reshape(*images.shape[:-3], *found.shape[1:]) * images.shape[-1]
