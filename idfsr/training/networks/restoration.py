"""How well a network restores faces: figures for the card."""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from idfsr.training.networks.faces import FaceBatch
from idfsr.training.networks.record import Measured


def psnr(found: Float[Tensor, "B 3 S S"], wanted: Float[Tensor, "B 3 S S"]) -> Float[Tensor, "B"]:
    """Return the PSNR of images in [-1, 1], in dB, without rounding to levels."""
    squared = (found.float().clamp(-1, 1) - wanted).square().mean(dim=(1, 2, 3))
    return 10 * torch.log10(4 / squared)


@torch.no_grad()
def measure_restoration(
    restore: Callable[[FaceBatch], Tensor], batches: Sequence[FaceBatch]
) -> Measured:
    """Return the PSNR of restored faces beside that of the faces as they came.

    Args:
        restore: From a batch to images in [-1, 1].
        batches: To restore.
    """
    restored = torch.cat([psnr(restore(batch).cpu(), batch.gt_image) for batch in batches])
    degraded = torch.cat([psnr(batch.degraded, batch.gt_image) for batch in batches])
    mean = f"{restored.mean():.2f} dB (of what it got: {degraded.mean():.2f} dB)"
    return Measured({"PSNR": mean})
