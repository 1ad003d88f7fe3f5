"""The state of an unfinished training: one file, replaced in one go.

It is not an output of the workflow, which deletes the outputs of a job that fails.
"""

import dataclasses
import pickle
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from idfsr.data.files import atomic_path
from idfsr.errors import IdfsrError


@dataclasses.dataclass(kw_only=True)
class TrainState:
    """All that the rest of a training depends on.

    Random generators are not in it: every step seeds them anew.
    """

    settings: dict[str, Any]
    """What the training was started with, by dotted name."""
    module: dict[str, Any]
    optimiser: dict[str, Any]
    ema: dict[str, Tensor]
    images_seen: int = 0
    stats_bytes: int = 0
    """Length of the statistics file when the state was saved."""
    seconds: float = 0.0
    """Time spent training, over all the runs."""


def save_state(path: Path, state: TrainState) -> None:
    """Write a state; a kill at any moment leaves the former one or this."""
    fields = {field.name: getattr(state, field.name) for field in dataclasses.fields(state)}
    with atomic_path(path) as temporary:
        torch.save(fields, temporary)


def load_state(path: Path, settings: dict[str, Any], device: torch.device) -> TrainState | None:
    """Read the state of a training, if it has one.

    Args:
        path: See `save_state`.
        settings: What the training is started with now.
        device: Where its tensors go.

    Returns:
        None if there is no file: the training has not begun.

    Raises:
        IdfsrError: The file is not a state, or its training was started with other settings.
    """
    if not path.exists():
        return None
    try:
        fields = torch.load(path, map_location=device, weights_only=True)
        state = TrainState(**fields)
    except (RuntimeError, EOFError, TypeError, pickle.UnpicklingError) as error:
        message = f"{path}: found {type(error).__name__} at reading, wanted a training's state"
        raise IdfsrError(message) from None
    for name in sorted(state.settings | settings):
        before, now = state.settings.get(name), settings.get(name)
        if before != now:
            message = (
                f"{path}: found a training with {name} {before!r}, wanted {now!r}; "
                f"remove {path.parent} to begin anew"
            )
            raise IdfsrError(message)
    return state
