"""The training loop. What is trained, on what and with which loss comes in as a `Recipe`.

Images seen are the clock. Batches are a function of them, and every step seeds its random numbers
from them, so a training that was killed ends, after the same command, with the same bytes as one
that was not (on a CPU with the same number of threads).

Under torchrun several processes share every batch; the first one writes the files. Loss and
gradient are those of one process with the whole batch, but for the rounding of sums.
"""

import dataclasses
import json
import logging
import math
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from idfsr.config import TrainConfig
from idfsr.data.files import atomic_path
from idfsr.errors import IdfsrError
from idfsr.training.checkpoint import TrainState, load_state, save_state
from idfsr.training.distributed import (
    num_processes,
    rank,
    sum_over_processes,
    wait_for_all,
)
from idfsr.training.ema import decay_at, start_ema, update_ema
from idfsr.training.signals import InterruptedTrainingError, noticed_signals
from idfsr.training.step import Objective, Recipe, add_gradients

logger = logging.getLogger(__name__)

STATE_NAME, STATS_NAME = "state.pt", "stats.jsonl"

UNBOUND_FIELDS = ("num_images", "checkpoint_images", "micro_batch_size")
"""Fields of `TrainConfig` that a training may resume with other values of: no step depends on
them, but for rounding."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a training came."""

    stats_path: Path
    """JSON lines with `images_seen` and `loss`."""
    images_seen: int
    seconds: float
    """Time spent in steps, over all the runs."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trained(Progress):
    """What a training ends with."""

    ema: dict[str, Tensor]
    """Averaged state of the recipe's module."""


def learning_rate_at(images_seen: int, config: TrainConfig) -> float:
    """Return the learning rate of the step that ends at so many images: a ramp, level, a fall.

    It is no function of `num_images`, so that a training can be made longer while it runs.
    """
    if images_seen < config.warmup_images:
        return config.learning_rate * images_seen / config.warmup_images
    if 0 < config.decay_images < images_seen:
        return config.learning_rate * math.sqrt(config.decay_images / images_seen)
    return config.learning_rate


def bound_settings(recipe: Recipe, config: TrainConfig, seed: int) -> dict[str, Any]:
    """Return the settings that a state is tied to, by dotted name, as plain values."""
    section = {
        f"{recipe.name}.{name}": value
        for name, value in dataclasses.asdict(config).items()
        if name not in UNBOUND_FIELDS
    }
    return {"seed": seed, **section, **recipe.settings}


def begin_or_resume(
    recipe: Recipe,
    config: TrainConfig,
    seed: int,
    state_path: Path,
    optimiser: torch.optim.Optimizer,
) -> TrainState:
    """Return the state to go on from, its weights and moments loaded.

    Raises:
        IdfsrError: The state is of another training, or has seen more images than are wanted.
    """
    module, settings = recipe.module, bound_settings(recipe, config, seed)
    state = load_state(state_path, settings, next(module.parameters()).device)
    if state is None:
        return TrainState(
            settings=settings,
            module=module.state_dict(),
            optimiser=optimiser.state_dict(),
            ema=start_ema(module),
        )
    if state.images_seen >= config.num_images + config.batch_size:
        message = (
            f"{state_path}: found {state.images_seen} images seen, "
            f"wanted {recipe.name}.num_images, {config.num_images}, at most"
        )
        raise IdfsrError(message)
    module.load_state_dict(state.module)
    optimiser.load_state_dict(state.optimiser)
    logger.info("%s: resumed at %d images", recipe.name, state.images_seen)
    return state


@contextmanager
def open_stats(path: Path, num_bytes: int) -> Iterator[BinaryIO]:
    """Open the statistics after so many bytes: what came after the checkpoint will come again.

    Yields:
        The file; of all processes but the first one nothing that lasts.
    """
    if rank() > 0:
        yield BytesIO()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    with path.open("r+b") as file:
        file.truncate(num_bytes)
        file.seek(num_bytes)
        yield file


def train(
    recipe: Recipe, config: TrainConfig, seed: int, state_dir: Path, device: torch.device
) -> Trained:
    """Train until `config.num_images` images are seen, from the state if there is one.

    Adam with the betas of Ho et al. (2020, appendix B), which are PyTorch's defaults.

    Args:
        recipe: Its module is trained in place.
        config: Of this training.
        seed: Of the run.
        state_dir: Folder of the resume state and the statistics.
        device: Where to train.

    Raises:
        IdfsrError: The state is of another training, or the loss is no longer finite.
        InterruptedTrainingError: One of `SIGNALS` came; the state is saved.
    """
    # Resume where the last checkpoint was made.
    state_path, stats_path = state_dir / STATE_NAME, state_dir / STATS_NAME
    module = recipe.module.to(device).to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.Adam(module.parameters(), lr=config.learning_rate, fused=True)
    state = begin_or_resume(recipe, config, seed, state_path, optimiser)
    objective: nn.Module = Objective(recipe)
    if num_processes() > 1:
        objective = DistributedDataParallel(objective, broadcast_buffers=False)

    with (
        noticed_signals() as signals,
        open_stats(stats_path, state.stats_bytes) as stats_file,
        tqdm(
            desc=recipe.name,
            total=config.num_images,
            initial=state.images_seen,
            unit="img",
            mininterval=2,  # seconds; the bar also goes to a log
            disable=rank() > 0,
        ) as bar,
    ):
        while state.images_seen < config.num_images:
            # Evaluate the loss and its gradient.
            start = time.perf_counter()
            optimiser.zero_grad()
            sums = add_gradients(objective, recipe, config, seed, state.images_seen)
            norm = nn.utils.clip_grad_norm_(module.parameters(), config.clip_norm)

            # What one process knows, all know: the loss of its share, and a signal.
            asked = torch.tensor(float(bool(signals)), device=device)
            *shares, num_asked = sum_over_processes(torch.stack([*sums.values(), asked])).tolist()
            record = dict(zip(sums, shares, strict=True)) | {"gradient_norm": norm.item()}

            # Stop before a loss or a gradient that is not finite reaches the weights.
            num_updates = state.images_seen // config.batch_size
            state.images_seen += config.batch_size
            if not all(map(math.isfinite, record.values())):
                message = (
                    f"{recipe.name}: found {record} in the step that ends at {state.images_seen} "
                    f"images, wanted finite values; try a smaller {recipe.name}.learning_rate"
                )
                raise IdfsrError(message)

            # Update the weights and their average.
            learning_rate = learning_rate_at(state.images_seen, config)
            for group in optimiser.param_groups:
                group["lr"] = learning_rate
            optimiser.step()
            update_ema(state.ema, module, decay_at(num_updates, config.ema_decay))
            state.seconds += time.perf_counter() - start

            # Report. Times stay out of the statistics, which are the same in every run.
            record = {"images_seen": state.images_seen, "learning_rate": learning_rate, **record}
            stats_file.write(f"{json.dumps(record)}\n".encode())
            bar.set_postfix(loss=f"{record['loss']:.4f}", refresh=False)
            bar.update(config.batch_size)

            # Checkpoint at multiples of checkpoint_images, when asked to stop, and at the end.
            crossed = state.images_seen % config.checkpoint_images < config.batch_size
            if crossed or num_asked or state.images_seen >= config.num_images:
                stats_file.flush()
                state.module, state.optimiser = module.state_dict(), optimiser.state_dict()
                state.stats_bytes = stats_file.tell()
                if rank() == 0:
                    save_state(state_path, state)
                wait_for_all()
            if num_asked:
                logger.info("%s: stopped at %d images", recipe.name, state.images_seen)
                raise InterruptedTrainingError

    return Trained(
        ema=state.ema,
        stats_path=stats_path,
        images_seen=state.images_seen,
        seconds=state.seconds,
    )


def finish(trained: Trained, stats: Path) -> None:
    """Write the statistics, and remove the state: a run after this one begins anew.

    The last thing a training does, when all else it makes is written. Other files in the folder of
    the state are left alone.

    Args:
        trained: What the loop returned.
        stats: JSON lines to write.
    """
    with atomic_path(stats) as temporary:
        shutil.copyfile(trained.stats_path, temporary)
    state_dir = trained.stats_path.parent
    for name in (STATE_NAME, STATS_NAME):
        (state_dir / name).unlink()
    if not any(state_dir.iterdir()):
        state_dir.rmdir()
