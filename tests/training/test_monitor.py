import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from idfsr.io.images import decode_png
from idfsr.io.texts import read_stats, stats_line
from idfsr.training.checkpoint import TrainState
from idfsr.training.loop import finish
from idfsr.training.monitor import open_monitor
from idfsr.training.step import Samples

from .toy import CONFIG, run_toy, toy_recipe

TOY = Path(__file__).with_name("toy.py")


def read_points(folder: Path, name: str) -> list[tuple[int, float]]:
    """Read a curve as TensorBoard shows it."""
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0})
    events.Reload()
    return [(point.step, point.value) for point in events.Scalars(name)]


def test_tensorboard_shows_each_step_of_a_killed_training_once(tmp_path: Path) -> None:
    """The checkpoint is of 40 images; what came after it, up to 52, comes again."""
    killed = subprocess.run(
        [sys.executable, TOY, tmp_path, "52", str(int(signal.SIGKILL))],
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert killed.returncode == -signal.SIGKILL
    time.sleep(1)  # TensorBoard reads the files in the order of the seconds in their names
    trained = run_toy(tmp_path, toy_recipe())
    rows = read_stats(trained.stats_path)
    points = read_points(tmp_path / "progress", "toy/loss")
    assert [step for step, _ in points] == list(range(4, 100, 4))
    np.testing.assert_allclose([v for _, v in points], [row["loss"] for row in rows], rtol=1e-6)
    shares = [share for _, share in read_points(tmp_path / "progress", "toy/waited_share")]
    assert len(shares) == 24
    assert 0 < min(shares) <= max(shares) < 1


def test_pictures_come_to_stand_beside_the_statistics(tmp_path: Path) -> None:
    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    recipe = dataclasses.replace(toy_recipe(), samples=Samples(every=40, draw=lambda _: picture))
    trained = run_toy(tmp_path / "state", recipe, dataclasses.replace(CONFIG, num_images=48))
    (tmp_path / "progress").mkdir()
    (tmp_path / "progress" / "mine.txt").write_text("of another run")
    finish(trained, tmp_path / "stats.jsonl")
    assert (tmp_path / "state/finished.json").is_file()
    kept = tmp_path / "progress"
    assert sorted(path.name.split(".")[0] for path in kept.iterdir()) == [
        "events", "mine", "samples-000000040",
    ]  # fmt: skip
    np.testing.assert_array_equal(
        decode_png((kept / "samples-000000040.png").read_bytes()), picture
    )
    events = EventAccumulator(str(kept))
    events.Reload()
    (image,) = events.Images("toy/samples")
    assert image.step == 40
    np.testing.assert_array_equal(decode_png(image.encoded_image_string), picture)


def test_statistics_go_on_where_the_state_was_saved(tmp_path: Path) -> None:
    path = tmp_path / "stats.jsonl"
    saved, later = (stats_line({"images_seen": 4 * n, "loss": n}) for n in (1, 2))
    path.write_text(saved + later)
    state = TrainState(
        settings={}, module={}, optimiser={}, ema={}, images_seen=4, stats_bytes=len(saved)
    )
    with open_monitor(path, state, "toy", 8) as monitor:
        monitor.note_step({"loss": 3.0, "gradient_norm": float("inf")}, 8, 0.5)
        assert monitor.flush() == len(path.read_bytes())
    rows = read_stats(path)
    assert rows == [
        {"images_seen": 4, "loss": 1},
        {"images_seen": 8, "loss": 3.0, "gradient_norm": None},
    ]


def test_other_processes_report_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("idfsr.training.monitor.rank", lambda: 1)
    state = TrainState(settings={}, module={}, optimiser={}, ema={})
    with open_monitor(tmp_path / "stats.jsonl", state, "toy", 8) as monitor:
        monitor.note_step({"loss": 3.0}, 8, 0.5)
        monitor.flush()
    assert list(tmp_path.iterdir()) == []
