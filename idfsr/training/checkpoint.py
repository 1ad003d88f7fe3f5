"""The state of an unfinished training: one file, replaced in one go, while the training goes on.

It is not an output of the workflow, which deletes the outputs of a job that fails.
"""

import dataclasses
import pickle
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from idfsr.errors import IdfsrError
from idfsr.io.files import atomic_path
from idfsr.io.seals import append_digest, check_appended


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
    scaler: dict[str, Any] = dataclasses.field(default_factory=dict)
    """Of the gradient's scale; empty where it is not scaled."""
    images_seen: int = 0
    num_skipped: int = 0
    """Steps whose gradient overflowed."""
    stats_bytes: int = 0
    """Length of the statistics file when the state was saved."""
    seconds: float = 0.0
    """Time spent training, over all the runs."""
    waited_seconds: float = 0.0
    """Of that, time until the batches were there."""
    code: str = ""
    """Digest of the code that made the last step."""

    def fields(self) -> dict[str, Any]:
        """Return the fields by name."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


def save_state(path: Path, state: TrainState) -> None:
    """Write a state; a kill at any moment leaves the former one or this."""
    with atomic_path(path) as temporary:
        torch.save(state.fields(), temporary)
        append_digest(temporary)


def _copied(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return value


class StateWriter:
    """Writes states one after the other in a thread, while the training changes them further."""

    def __init__(self, path: Path, thread: ThreadPoolExecutor) -> None:
        self._path, self._thread = path, thread
        self._pending: Future[None] | None = None

    def save(self, state: TrainState) -> None:
        """Begin to write a copy of a state, once the one before is written.

        Raises:
            OSError: The one before could not be written.
        """
        self.wait()
        copied = TrainState(**_copied(state.fields()))
        self._pending = self._thread.submit(save_state, self._path, copied)

    def wait(self) -> None:
        """Return when everything is written.

        Raises:
            OSError: It could not be.
        """
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()


@contextmanager
def state_writer(path: Path) -> Iterator[StateWriter]:
    """Write states to a path, the last of which is waited for.

    What a kill has left of a state half written is removed.
    """
    for leftover in path.parent.glob(f".*.{path.name}"):
        leftover.unlink(missing_ok=True)  # another process may have been faster
    with ThreadPoolExecutor(max_workers=1) as thread:
        writer = StateWriter(path, thread)
        yield writer
        writer.wait()


def read_state(path: Path, device: torch.device) -> TrainState | None:
    """Read the state of a training, if it has one.

    Args:
        path: See `save_state`.
        device: Where its tensors go.

    Returns:
        None if there is no file: the training has not begun.

    Raises:
        IdfsrError: The file is not a state, or was damaged.
    """
    if not path.exists():
        return None
    check_appended(path)
    try:
        fields = torch.load(path, map_location=device, weights_only=True)
        return TrainState(**fields)
    except (RuntimeError, EOFError, TypeError, pickle.UnpicklingError) as error:
        message = f"{path}: found {type(error).__name__} at reading, wanted a training's state"
        raise IdfsrError(message) from None


def check_settings(path: Path, state: TrainState, settings: dict[str, Any]) -> None:
    """Check that a training was started with the settings of now.

    Args:
        path: Of the state.
        state: What was read from it.
        settings: What the training is started with now.

    Raises:
        IdfsrError: It was not.
    """
    for name in sorted(state.settings | settings):
        before, now = state.settings.get(name), settings.get(name)
        if before != now:
            message = (
                f"{path}: found a training with {name} {before!r}, wanted {now!r}; "
                f"remove {path.parent} to begin anew"
            )
            raise IdfsrError(message)
