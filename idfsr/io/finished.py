"""The state of a training that has finished: kept until its outputs are safe in their places.

Snakemake deletes the outputs of a job that it thinks has failed, or that it did not see end. The
same command makes them again from the state, in seconds. A run that has ended well removes the
states of which every output is what the training wrote.
"""

import logging
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from idfsr.errors import DamagedFileError
from idfsr.io.digests import file_digest
from idfsr.io.lock import live_holder
from idfsr.io.texts import read_json, write_json

logger = logging.getLogger(__name__)

STATE_NAME: Final = "state.pt"
STATS_NAME: Final = "stats.jsonl"
PROGRESS_NAME: Final = "progress"
LOCK_NAME: Final = "lock"
FINISHED_NAME: Final = "finished.json"
"""Output -> digest, once all of them are written."""


def note_finished(state_dir: Path, outputs: Iterable[Path]) -> None:
    """Write down which files a training has made."""
    digests = {str(path): file_digest(path) for path in outputs}
    write_json(state_dir / FINISHED_NAME, digests)


def outputs_in_place(state_dir: Path) -> bool:
    """Say whether each output of a finished training is there with the bytes that it wrote.

    Where the list of outputs is damaged nobody knows, and the state is kept.
    """
    try:
        digests = read_json(state_dir / FINISHED_NAME, "the outputs of a training")
    except DamagedFileError as error:
        logger.warning("%s", error)
        return False
    return all(
        Path(path).is_file() and file_digest(Path(path)) == digest
        for path, digest in digests.items()
    )


def remove_state(state_dir: Path) -> None:
    """Remove a state, so that the next training begins anew; other files are left alone."""
    (state_dir / FINISHED_NAME).unlink(missing_ok=True)
    for name in (STATE_NAME, STATS_NAME):
        (state_dir / name).unlink(missing_ok=True)
    shutil.rmtree(state_dir / PROGRESS_NAME, ignore_errors=True)


def remove_finished(results: Path) -> None:
    """Remove the states of a run's finished trainings whose outputs are in their places."""
    for file in list(results.glob(f"**/{FINISHED_NAME}")):
        state_dir = file.parent
        if live_holder(state_dir / LOCK_NAME) is None and outputs_in_place(state_dir):
            remove_state(state_dir)
            for left in state_dir.glob(
                f".{LOCK_NAME}.*"
            ):  # of a process killed as it took the lock
                shutil.rmtree(left)
            if not any(state_dir.iterdir()):
                state_dir.rmdir()
