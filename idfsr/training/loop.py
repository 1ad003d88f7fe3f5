"""The training loop. What is trained, on what and with which loss comes in as a `Recipe`.

Images seen are the clock. Batches are a function of them, and every step seeds its random numbers
from them, so a training that was killed ends, after the same command, with the same bytes as one
that was not (on a CPU with the same number of threads).

Under torchrun several processes share every batch; the first one writes the files. Loss and
gradient are those of one process with the whole batch, but for the rounding of sums.
"""

import dataclasses
import logging
import math
import shutil
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from idfsr.config.training import TrainConfig
from idfsr.errors import IdfsrError
from idfsr.io.files import atomic_path
from idfsr.training.checkpoint import TrainState, load_state, state_writer
from idfsr.training.distributed import (
    num_processes,
    rank,
    sum_over_processes,
    wait_for_all,
)
from idfsr.training.ema import decay_at, start_ema, update_ema
from idfsr.training.monitor import PROGRESS_NAME, STATS_NAME, open_monitor
from idfsr.training.signals import InterruptedTrainingError, noticed_signals
from idfsr.training.step import Objective, Recipe, add_gradients

logger = logging.getLogger(__name__)

STATE_NAME = "state.pt"

UNBOUND_FIELDS = (
    "num_images",
    "checkpoint_images",
    "micro_batch_size",
    "compile",
    "sample_images",
)
"""Fields of `TrainConfig` that a training may resume with other values of: no step depends on
them, but for rounding and for what dropout draws."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a training came."""

    stats_path: Path
    """JSON lines with `images_seen` and `loss`."""
    images_seen: int
    seconds: float
    """Time spent in steps, over all the runs."""
    waited_seconds: float | None = None
    """Of that, time until the batches were there; None if it was not measured."""


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
    scaler: torch.amp.GradScaler,
) -> TrainState:
    """Return the state to go on from, its weights, moments and scale loaded.

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
    scaler.load_state_dict(state.scaler)
    logger.info("%s: resumed at %d images", recipe.name, state.images_seen)
    return state


def check_finite(
    name: str, record: dict[str, float], images_seen: int, scaler: torch.amp.GradScaler
) -> bool:
    """Say whether a step may change the weights.

    The gradient of a scaled loss may overflow: the step is skipped, and the scale halved. Where
    there is nothing left to halve, it is the gradient itself that is not finite.

    Args:
        name: Of the training.
        record: Of the step: `gradient_norm`, and what the loss gave.
        images_seen: After the step.
        scaler: Of the loss.

    Raises:
        IdfsrError: A value is not finite, and no scale is to blame for it.
    """
    wrong = {key for key, value in record.items() if not math.isfinite(value)}
    if wrong == {"gradient_norm"} and scaler.get_scale() > 1:
        return False
    if wrong:
        message = (
            f"{name}: found {record} in the step that ends at {images_seen} "
            f"images, wanted finite values; try a smaller {name}.learning_rate"
        )
        raise IdfsrError(message)
    return True


def scale_record(state: TrainState, scaler: torch.amp.GradScaler) -> dict[str, float]:
    """Return what the statistics say of the scale of the loss; nothing where it is not scaled."""
    if not scaler.is_enabled():
        return {}
    return {"loss_scale": scaler.get_scale(), "num_skipped": state.num_skipped}


def make_objective(recipe: Recipe, config: TrainConfig) -> nn.Module:
    """Return the loss as a module, of a compiled network and shared by processes where asked."""
    if config.compile:
        for network in (recipe.module, *recipe.module.children()):  # a loss may call one part
            network.compile()
    objective = Objective(recipe)
    if num_processes() > 1:
        return DistributedDataParallel(objective, broadcast_buffers=False)
    return objective


def crosses(images_seen: int, every: int, config: TrainConfig) -> bool:
    """Say whether a step that ends at so many images reaches a multiple of `every`."""
    return images_seen % every < config.batch_size


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
    scaler = torch.amp.GradScaler(device.type, enabled=config.precision == "float16")
    state = begin_or_resume(recipe, config, seed, state_path, optimiser, scaler)
    objective = make_objective(recipe, config)

    with (
        noticed_signals() as signals,
        state_writer(state_path) as writer,
        open_monitor(stats_path, state, recipe.name, config.num_images) as monitor,
    ):
        while state.images_seen < config.num_images:
            # Evaluate the loss and its gradient.
            start = time.perf_counter()
            optimiser.zero_grad()
            found = add_gradients(objective, recipe, config, seed, state.images_seen, scaler)
            scaler.unscale_(optimiser)
            norm = nn.utils.clip_grad_norm_(module.parameters(), config.clip_norm)

            # What one process knows, all know: the loss of its share, and a signal.
            asked = torch.tensor(float(bool(signals)), device=device)
            *shares, num_asked = sum_over_processes(
                torch.stack([*found.sums.values(), asked])
            ).tolist()
            values = dict(zip(found.sums, shares, strict=True)) | {"gradient_norm": norm.item()}

            # Stop before a loss or a gradient that is not finite reaches the weights.
            num_updates = state.images_seen // config.batch_size
            state.images_seen += config.batch_size
            state.num_skipped += not check_finite(recipe.name, values, state.images_seen, scaler)

            # Update the weights and their average.
            learning_rate = learning_rate_at(state.images_seen, config)
            for group in optimiser.param_groups:
                group["lr"] = learning_rate
            record = {"learning_rate": learning_rate, **values, **scale_record(state, scaler)}
            scaler.step(optimiser)
            scaler.update()
            update_ema(state.ema, module, decay_at(num_updates, config.ema_decay))
            seconds = time.perf_counter() - start
            state.seconds += seconds
            state.waited_seconds += found.waited

            # Report. Times stay out of the statistics, which are the same in every run.
            monitor.note_step(record, state.images_seen, found.waited / seconds)
            samples = recipe.samples
            if samples and crosses(state.images_seen, samples.every, config):
                monitor.note_picture(samples.draw(state.ema), state.images_seen)

            # Checkpoint at multiples of checkpoint_images, when asked to stop, and at the end.
            ends = num_asked or state.images_seen >= config.num_images
            if ends or crosses(state.images_seen, config.checkpoint_images, config):
                state.module, state.optimiser = module.state_dict(), optimiser.state_dict()
                state.scaler, state.stats_bytes = scaler.state_dict(), monitor.flush()
                if rank() == 0:
                    writer.save(state)
            if ends:
                writer.wait()
                wait_for_all()
            if num_asked:
                logger.info("%s: stopped at %d images", recipe.name, state.images_seen)
                raise InterruptedTrainingError

    return Trained(
        ema=state.ema,
        stats_path=stats_path,
        images_seen=state.images_seen,
        seconds=state.seconds,
        waited_seconds=state.waited_seconds,
    )


def finish(trained: Trained, stats: Path) -> None:
    """Write the statistics, and remove the state: a run after this one begins anew.

    The last thing a training does, when all else it makes is written. The event files and pictures
    of `idfsr.training.monitor` come to stand beside the statistics. Other files in the folder of
    the state are left alone.

    Args:
        trained: What the loop returned.
        stats: JSON lines to write.
    """
    with atomic_path(stats) as temporary:
        shutil.copyfile(trained.stats_path, temporary)
    state_dir = trained.stats_path.parent
    progress, kept = state_dir / PROGRESS_NAME, stats.with_name(PROGRESS_NAME)
    kept.mkdir(exist_ok=True)
    for file in progress.iterdir():
        shutil.move(file, kept / file.name)
    progress.rmdir()
    for name in (STATE_NAME, STATS_NAME):
        (state_dir / name).unlink(missing_ok=True)  # no state where no image was wanted
    if not any(state_dir.iterdir()):
        state_dir.rmdir()
