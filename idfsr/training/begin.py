"""The state that a training begins with: none, its own of before, or that of a finished one."""

import dataclasses
import logging
from pathlib import Path
from typing import Any

import torch

from idfsr.config.training import TrainConfig
from idfsr.errors import IdfsrError
from idfsr.io.finished import FINISHED_NAME, remove_state
from idfsr.io.provenance import code_digest, module_path
from idfsr.training.checkpoint import TrainState, check_settings, read_state
from idfsr.training.distributed import rank, wait_for_all
from idfsr.training.ema import start_ema
from idfsr.training.step import Recipe

logger = logging.getLogger(__name__)

UNBOUND_FIELDS = (
    "num_images",
    "checkpoint_images",
    "micro_batch_size",
    "compile",
    "sample_images",
)
"""Fields of `TrainConfig` that a training may resume with other values of: no step depends on
them, but for rounding and for what dropout draws."""


def bound_settings(recipe: Recipe, config: TrainConfig, seed: int) -> dict[str, Any]:
    """Return the settings that a state is tied to, by dotted name, as plain values."""
    section = {
        f"{recipe.name}.{name}": value
        for name, value in dataclasses.asdict(config).items()
        if name not in UNBOUND_FIELDS
    }
    return {"seed": seed, **section, **recipe.settings}


def recipe_digest(recipe: Recipe) -> str:
    """Return the digest of the code of a training: of the loop, the loss and the network."""
    modules = ("idfsr.training.loop", recipe.loss.__module__, type(recipe.module).__module__)
    return code_digest(*(name for name in modules if module_path(name) is not None))


def is_of_another(state: TrainState, recipe: Recipe, config: TrainConfig, seed: int) -> bool:
    """Say whether a finished training is not the one that is wanted, nor its beginning."""
    longer = state.images_seen >= config.num_images + config.batch_size
    return (
        longer
        or state.code != recipe_digest(recipe)
        or state.settings != bound_settings(recipe, config, seed)
    )


def begin_or_resume(
    recipe: Recipe,
    config: TrainConfig,
    seed: int,
    state_path: Path,
    optimiser: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
) -> TrainState:
    """Return the state to go on from, its weights, moments and scale loaded.

    That of a finished training gives the same outputs again; it is removed if another training is
    wanted.

    Raises:
        IdfsrError: The state is of another training, which has not finished, or has seen more
            images than are wanted.
    """
    module, settings = recipe.module, bound_settings(recipe, config, seed)
    state = read_state(state_path, next(module.parameters()).device)
    has_finished = (state_path.parent / FINISHED_NAME).exists()
    wait_for_all()
    if state is not None and has_finished and is_of_another(state, recipe, config, seed):
        logger.info("%s: begun anew: %s is of another training", recipe.name, state_path)
        state = None
    if state is None:
        if rank() == 0:
            remove_state(state_path.parent)
        return TrainState(
            settings=settings,
            module=module.state_dict(),
            optimiser=optimiser.state_dict(),
            ema=start_ema(module),
            code=recipe_digest(recipe),
        )
    check_settings(state_path, state, settings)
    if state.images_seen >= config.num_images + config.batch_size:
        message = (
            f"{state_path}: found {state.images_seen} images seen, "
            f"wanted {recipe.name}.num_images, {config.num_images}, at most"
        )
        raise IdfsrError(message)
    module.load_state_dict(state.module)
    optimiser.load_state_dict(state.optimiser)
    scaler.load_state_dict(state.scaler)
    state.code = recipe_digest(recipe)
    if rank() == 0 and state.images_seen < config.num_images:
        (state_path.parent / FINISHED_NAME).unlink(missing_ok=True)
    logger.info("%s: resumed at %d images", recipe.name, state.images_seen)
    return state
