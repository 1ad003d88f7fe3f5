"""The training loop. What is trained, on what and with which loss comes in as a `Recipe`.

Images seen are the clock. Batches are a function of them, and every step seeds its random numbers
from them, so a training that was killed ends, after the same command, with the same bytes as one
that was not (on a CPU with the same number of threads).
"""

import dataclasses
import json
import logging
import math
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from idfsr.config import TrainConfig
from idfsr.data.files import atomic_path
from idfsr.errors import IdfsrError
from idfsr.training.checkpoint import TrainState, load_state, save_state
from idfsr.training.ema import decay_at, start_ema, update_ema
from idfsr.training.order import derive_seed

logger = logging.getLogger(__name__)

EXIT_INTERRUPTED = 75
"""Exit status after SIGTERM: "temporary failure" of sysexits.h; the same command goes on."""

STATE_NAME, STATS_NAME = "state.pt", "stats.jsonl"

UNBOUND_FIELDS = ("num_images", "checkpoint_images")
"""Fields of `TrainConfig` that a training may resume with other values of: no step depends on
them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """What is trained."""

    name: str
    """As in the configuration, e.g. "pretrain"."""
    module: nn.Module
    loss: Callable[[Any, torch.Generator], tuple[Tensor, dict[str, Tensor]]]
    """(batch, generator) -> the scalar to minimise, and scalars for the statistics. The generator
    is on the CPU, so that all devices draw the same numbers."""
    batch_at: Callable[[int], Any]
    """Images seen -> the next batch, a function of nothing else."""
    settings: dict[str, Any]
    """What else decides the outcome, by name: model, digests of the data. A state made with others
    is refused."""


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


class InterruptedTrainingError(SystemExit):
    """SIGTERM or SIGINT came, and the state is saved."""

    def __init__(self) -> None:
        super().__init__(EXIT_INTERRUPTED)


@contextmanager
def noticed_signals() -> Iterator[list[int]]:
    """Collect SIGTERM and SIGINT, so that the step that they fall into is finished first.

    Yields:
        The signals that have come.
    """
    received: list[int] = []
    handlers = {
        number: signal.signal(number, lambda number, _: received.append(number))
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield received
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


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
        InterruptedTrainingError: SIGTERM or SIGINT came; the state is saved.
    """
    # Resume where the last checkpoint was made.
    state_path, stats_path = state_dir / STATE_NAME, state_dir / STATS_NAME
    module = recipe.module.to(device).to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.Adam(module.parameters(), lr=config.learning_rate, fused=True)
    state = begin_or_resume(recipe, config, seed, state_path, optimiser)
    state_dir.mkdir(parents=True, exist_ok=True)
    stats_path.touch()

    with (
        noticed_signals() as signals,
        stats_path.open("r+b") as stats_file,
        tqdm(
            desc=recipe.name,
            total=config.num_images,
            initial=state.images_seen,
            unit="img",
            mininterval=2,  # seconds; the bar also goes to a log
        ) as bar,
    ):
        # Statistics written after the checkpoint will come again.
        stats_file.truncate(state.stats_bytes)
        stats_file.seek(state.stats_bytes)

        while state.images_seen < config.num_images:
            # Reseed: dropout draws from the global generator, the loss from its own.
            start = time.perf_counter()
            step_seed = derive_seed(seed, recipe.name, state.images_seen)
            torch.manual_seed(step_seed)
            generator = torch.Generator().manual_seed(step_seed)

            # Evaluate the loss and its gradient.
            with torch.autocast(
                device.type, torch.bfloat16, enabled=config.precision == "bfloat16"
            ):
                loss, scalars = recipe.loss(recipe.batch_at(state.images_seen), generator)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            norm = nn.utils.clip_grad_norm_(module.parameters(), config.clip_norm)

            # Stop before a loss or a gradient that is not finite reaches the weights.
            num_updates = state.images_seen // config.batch_size
            state.images_seen += config.batch_size
            values = {"loss": loss, **scalars, "gradient_norm": norm}
            record = {name: value.item() for name, value in values.items()}
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
            if crossed or signals or state.images_seen >= config.num_images:
                stats_file.flush()
                state.module, state.optimiser = module.state_dict(), optimiser.state_dict()
                state.stats_bytes = stats_file.tell()
                save_state(state_path, state)
            if signals:
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
