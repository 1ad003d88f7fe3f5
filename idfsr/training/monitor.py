"""What is seen of a training while it goes on: statistics, a bar, TensorBoard, pictures.

The statistics are the same in every run, killed or not. What differs, such as times, goes to
TensorBoard only, whose event files stand with the pictures in a folder beside the statistics. What
a run reported after its last checkpoint comes again in the next run, and is taken back before.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import BufferedIOBase, BytesIO
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from idfsr.io.files import atomic_path
from idfsr.io.finished import PROGRESS_NAME
from idfsr.io.images import encode_png
from idfsr.io.texts import stats_line
from idfsr.training.checkpoint import TrainState
from idfsr.training.distributed import rank


class Monitor:
    """Where a training reports to; see `open_monitor`.

    Args:
        stats: At the end of the statistics so far.
        bar: At the images seen so far.
        board: None of all processes but the first one.
    """

    def __init__(
        self, stats: BufferedIOBase, bar: "tqdm[Any]", board: SummaryWriter | None
    ) -> None:
        self._stats, self._bar, self._board = stats, bar, board

    def note_step(self, record: dict[str, float], images_seen: int, waited_share: float) -> None:
        """Report a step.

        Args:
            record: For the statistics, `loss` among them. What is not finite becomes null.
            images_seen: After the step.
            waited_share: Of the time of the step, that passed until its batch was there.
        """
        finite = {name: value if isfinite(value) else None for name, value in record.items()}
        self._stats.write(stats_line({"images_seen": images_seen, **finite}).encode())
        self._bar.set_postfix(loss=f"{record['loss']:.4f}", refresh=False)
        self._bar.update(images_seen - self._bar.n)
        if self._board is not None:
            for name, value in {**record, "waited_share": waited_share}.items():
                self._board.add_scalar(f"{self._bar.desc}/{name}", value, images_seen)

    def note_picture(self, picture: UInt8[np.ndarray, "H W 3"], images_seen: int) -> None:
        """Keep a picture, as a PNG and in TensorBoard; only in the first process."""
        assert self._board is not None
        path = Path(self._board.log_dir) / f"samples-{images_seen:09d}.png"
        with atomic_path(path) as temporary:
            temporary.write_bytes(encode_png(picture))
        self._board.add_image(f"{self._bar.desc}/samples", picture, images_seen, dataformats="HWC")

    def flush(self) -> int:
        """Hand what was reported to the system; return the length of the statistics in bytes."""
        self._stats.flush()
        if self._board is not None:
            self._board.flush()
        return self._stats.tell()


@contextmanager
def open_monitor(
    stats_path: Path, state: TrainState, name: str, num_images: int
) -> Iterator[Monitor]:
    """Go on with the reports of a training where its state was saved.

    Args:
        stats_path: JSON lines.
        state: Of the training.
        name: Of the training.
        num_images: To see in all.
    """
    bar = tqdm(
        desc=name,
        total=num_images,
        initial=state.images_seen,
        unit="img",
        mininterval=2,  # seconds; the bar also goes to a log
        disable=rank() > 0,
    )
    if rank() > 0:
        yield Monitor(BytesIO(), bar, None)
        return
    folder = stats_path.with_name(PROGRESS_NAME)
    folder.mkdir(parents=True, exist_ok=True)
    stats_path.touch()
    with (
        bar,
        stats_path.open("r+b") as stats,
        closing(SummaryWriter(folder, purge_step=state.images_seen + 1)) as board,
    ):
        stats.truncate(state.stats_bytes)
        stats.seek(state.stats_bytes)
        yield Monitor(stats, bar, board)
