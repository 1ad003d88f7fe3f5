from pathlib import Path
from typing import Any

import numpy as np
import pytest

from idfsr.errors import IdfsrError
from idfsr.io.texts import stats_line
from idfsr.report.curves import (
    draw_fit_curves,
    draw_pretrain_curve,
    read_held_out,
    smooth,
)


def write_stats(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(map(stats_line, rows)))
    return path


def write_fit(tmp_path: Path, scale_factor: int, identity: str, losses: list[float]) -> Path:
    rows = [{"step": 5 * number, "held_out_loss": loss} for number, loss in enumerate(losses)]
    rows = [{"step": 1, "loss": 9.0}, *reversed(rows)]
    return write_stats(tmp_path / f"x{scale_factor}/{identity}/stats.jsonl", rows)


def test_losses_are_relative_to_the_first_step(tmp_path: Path) -> None:
    paths = [write_fit(tmp_path, 8, "a", [4.0, 2.0]), write_fit(tmp_path, 16, "b", [2.0, 3.0])]
    held_out = read_held_out(paths)
    assert held_out["scale_factor"].tolist() == [8, 8, 16, 16]
    assert held_out["identity"].tolist() == ["a", "a", "b", "b"]
    assert held_out["step"].tolist() == [0, 5, 0, 5]
    assert held_out["relative_loss"].tolist() == [1, 0.5, 1, 1.5]


def test_panels_count_who_went_down(tmp_path: Path) -> None:
    paths = [
        write_fit(tmp_path, 8, "a", [4.0, 5.0, 2.0]),
        write_fit(tmp_path, 8, "b", [2.0, 1.0, 3.0]),
        write_fit(tmp_path, 16, "a", [2.0, 1.0, 1.0]),
    ]
    left, right = draw_fit_curves(read_held_out(paths)).axes
    assert left.get_title("left").endswith("8: lower in the end for 1 of 2")
    assert right.get_title("left").endswith("16: lower in the end for 1 of 1")
    mean = next(line for line in left.lines if line.get_label() == "mean")
    assert mean.get_ydata() == pytest.approx([1, (1.25 + 0.5) / 2, 1])


def test_smooth() -> None:
    assert smooth(np.array([1.0, 2.0, 6.0, 4.0]), 2) == pytest.approx([1.5, 4, 5])


def test_pretrain_curve_is_centred(tmp_path: Path) -> None:
    rows = [{"images_seen": 32 * n, "loss": float(n), "learning_rate": 1.0} for n in range(1, 61)]
    (axes,) = draw_pretrain_curve(write_stats(tmp_path / "stats.jsonl", rows)).axes
    raw, mean = axes.lines
    assert raw.get_xdata()[-1] == 32 * 60
    assert axes.get_yscale() == "log"
    # a straight line stays itself under a centred mean
    assert np.asarray(mean.get_xdata()) / 32 == pytest.approx(np.asarray(mean.get_ydata()))
    assert mean.get_label() == "mean of 3 steps"


def test_bad_files_are_refused(tmp_path: Path) -> None:
    path = write_stats(tmp_path / "x8/a/stats.jsonl", [{"step": 1, "loss": 1.0}])
    with pytest.raises(IdfsrError, match="with held_out_loss"):
        read_held_out([path])
    path = write_stats(tmp_path / "a/stats.jsonl", [{"step": 0, "held_out_loss": 1.0}])
    with pytest.raises(IdfsrError, match=r"wanted x<scale factor>/<identity>/stats\.jsonl"):
        read_held_out([path])
    with pytest.raises(IdfsrError, match="no line with a loss"):
        draw_pretrain_curve(write_stats(tmp_path / "empty.jsonl", []))
