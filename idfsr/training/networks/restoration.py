"""What a member of a baseline's family is, before it is trained."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from idfsr.training.networks.faces import FaceBatch

Loss = Callable[[FaceBatch, torch.Generator], tuple[Tensor, dict[str, Tensor]]]
"""See `idfsr.training.step.Recipe.loss`."""


def leave_random(_network: nn.Module, _first: nn.Module | None, _batch: FaceBatch) -> None:
    """Begin with the random weights of the modules."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Member:
    """A network, what is said of it, and how it learns."""

    title: str
    make: Callable[[Any], nn.Module]
    sizes: Any
    """What it is made from."""
    initialise: Callable[[Any, nn.Module | None, FaceBatch], None] = leave_random
    """(network, the one trained before, some faces): before the first step, in place."""
    loss: Callable[[Any, nn.Module | None], Loss]
    """(network, the one trained before, which is frozen; None without one) -> its loss."""
    measure: Callable[[Any, nn.Module | None, Sequence[FaceBatch]], Mapping[str, str]]
    """(network, the one trained before, faces of people it has not seen) -> figures for the
    card."""
    objective: str
    """The loss in words."""
    continues: bool = False
    """Whether it begins with the weights of the one trained before, whose training then counts."""


def place(images: Tensor, network: nn.Module) -> Tensor:
    """Bring images to the device of a network."""
    device = next(network.parameters()).device
    return images.to(device, memory_format=torch.channels_last, non_blocking=True)


def psnr(found: Float[Tensor, "B 3 S S"], wanted: Float[Tensor, "B 3 S S"]) -> Float[Tensor, "B"]:
    """Return the PSNR of images in [-1, 1], in dB, without rounding to levels."""
    squared = (found.float().clamp(-1, 1) - wanted).square().mean(dim=(1, 2, 3))
    return 10 * torch.log10(4 / squared)


@torch.no_grad()
def measure_restoration(
    restore: Callable[[FaceBatch], Tensor], batches: Sequence[FaceBatch]
) -> dict[str, str]:
    """Return the PSNR of restored faces beside that of the faces as they came.

    Args:
        restore: From a batch to images in [-1, 1].
        batches: To restore.
    """
    restored = torch.cat([psnr(restore(batch).cpu(), batch.gt_image) for batch in batches])
    degraded = torch.cat([psnr(batch.degraded, batch.gt_image) for batch in batches])
    return {"PSNR": f"{restored.mean():.2f} dB (of what it got: {degraded.mean():.2f} dB)"}
