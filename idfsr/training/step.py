"""What is trained, and the gradient of one step of it."""

import dataclasses
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from idfsr.config.training import TrainConfig
from idfsr.models.device import autocast
from idfsr.training.batch_slices import BatchSlice
from idfsr.training.distributed import num_processes
from idfsr.training.order import derive_seed


@dataclasses.dataclass(frozen=True, kw_only=True)
class Samples:
    """Pictures of what a network makes, while it is trained."""

    every: int
    """Images between two of them."""
    draw: Callable[[dict[str, Tensor]], UInt8[np.ndarray, "H W 3"]]
    """Averaged state of the recipe's module -> picture; leaves the module alone."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """What is trained."""

    name: str
    """As in the configuration, e.g. "pretrain"."""
    module: nn.Module
    loss: Callable[[Any, torch.Generator], tuple[Tensor, dict[str, Tensor]]]
    """(batch, generator) -> the scalar to minimise, and scalars for the statistics. The generator
    is on the module's device, which waits for none of its numbers then."""
    batch_at: Callable[..., Any]
    """Images seen -> the next batch, a function of nothing else. Of a recipe with slices:
    (images seen, slice) -> that slice of it."""
    settings: dict[str, Any]
    """What else decides the outcome, by name: model, digests of the data. A state made with others
    is refused."""
    slices: tuple[BatchSlice, ...] = ()
    """What this process takes of a batch, in turn; empty for one that cannot be cut."""
    samples: Samples | None = None
    """Pictures to make meanwhile."""


class Objective(nn.Module):
    """The loss as a module, whose parameters several processes can share."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.module = recipe.module
        self._loss = recipe.loss

    def forward(self, batch: Any, generator: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        """See `Recipe.loss`."""
        return self._loss(batch, generator)


class Gradients(NamedTuple):
    """What is known once the gradient of a step stands in the parameters."""

    sums: dict[str, Tensor]
    """Loss and scalars of this process's share of the batch, weighted by it."""
    waited: float
    """Seconds until the batch was there."""


def add_gradients(
    objective: nn.Module,
    recipe: Recipe,
    config: TrainConfig,
    seed: int,
    images_seen: int,
    scaler: torch.amp.GradScaler,
) -> Gradients:
    """Evaluate the loss of a step and add its gradient to the parameters'.

    Dropout draws from the global generator, which is seeded anew for each slice; the loss draws
    from its own.

    Args:
        objective: Of the recipe; on several processes wrapped, so that it averages gradients.
        recipe: What is trained.
        config: Of this training.
        seed: Of the run.
        images_seen: Before this step.
        scaler: Multiplies the gradient.
    """
    device = next(objective.parameters()).device
    step_seed = derive_seed(seed, recipe.name, images_seen)
    sums: dict[str, Tensor] = {}
    waited = 0.0
    whole = BatchSlice(0, config.batch_size, config.batch_size)
    slices = recipe.slices or (whole,)
    for batch_slice in slices:
        start = time.perf_counter()
        batch = recipe.batch_at(*((images_seen, batch_slice) if recipe.slices else (images_seen,)))
        waited += time.perf_counter() - start
        torch.manual_seed(
            derive_seed(step_seed, batch_slice.start) if batch_slice.start else step_seed
        )
        generator = torch.Generator(device).manual_seed(step_seed)
        # processes exchange gradients once, with the last of their slices
        waits = isinstance(objective, DistributedDataParallel) and batch_slice != slices[-1]
        with objective.no_sync() if waits else nullcontext():  # type: ignore[operator]
            with autocast(device, config.precision):
                loss, scalars = objective(batch, generator)
            scaled = scaler.scale(loss * (batch_slice.share * num_processes()))
            torch.autograd.backward(scaled)
        for name, value in {"loss": loss, **scalars}.items():
            weighted = value.detach() * batch_slice.share
            sums[name] = sums[name] + weighted if name in sums else weighted
    return Gradients(sums, waited)
