"""Metric tables made by hand."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from idfsr.io.tables import write_table
from idfsr.io.texts import write_json
from idfsr.report.page import PageInputs
from idfsr.report.tables import Measurements, read_measurements

from .made_run import copy_run, make_run

METHODS = ("bicubic", "idfsr-pt", "idfsr-ft")
PSNR = {
    # identity a has three images, b has one: means over images and over identities differ
    "bicubic": {"a": (20.0, 21.0, 22.0), "b": (25.0,)},
    "idfsr-pt": {"a": (21.0, 22.0, 23.0), "b": (30.0,)},
    "idfsr-ft": {"a": (23.0, 24.0, 25.0), "b": (29.0,)},
}

WriteRun = Callable[..., tuple[list[Path], list[Path]]]


def metric_rows(method: str, scale_factor: int) -> pd.DataFrame:
    """Rows of one method: PSNR as above minus 1 at x16, the others constant."""
    rows = [
        {"identity": identity, "image": str(number), "method": method, "psnr": value}
        for identity, values in PSNR[method].items()
        for number, value in enumerate(values)
    ]
    better = METHODS.index(method)
    return pd.DataFrame(rows).assign(
        scale_factor=scale_factor,
        psnr=lambda table: table["psnr"] - (scale_factor == 16),
        ssim=0.5 + 0.1 * better,
        brisque=float("nan"),
        ids_sface=0.9 - 0.2 * better,
        idv_sface=[1.0, 0.0, 1.0, 0.0],
        age_diff_embedded=[1.0, 2.0, 3.0, 6.0],
        gt_age_embedded=30.0,
        model_digest="" if method == "bicubic" else "0123456789012e45",
    )


@pytest.fixture
def write_run(tmp_path: Path) -> WriteRun:
    """Write the metrics of a run, after an edit of its rows, and return the files."""

    def write(
        edit: Callable[[pd.DataFrame], pd.DataFrame] = lambda rows: rows,
    ) -> tuple[list[Path], list[Path]]:
        metrics, set_metrics = [], []
        for scale_factor in (16, 8):
            for method in METHODS:
                path = tmp_path / f"metrics/x{scale_factor}/{method}.parquet"
                write_table(edit(metric_rows(method, scale_factor)), path)
                metrics.append(path)
                values = {
                    "method": method,
                    "scale_factor": scale_factor,
                    "num_images": 4,
                    "mobilenetv2_fd": None if scale_factor == 16 else 10.0,
                }
                set_path = path.with_suffix(".set.json")
                write_json(set_path, values)
                set_metrics.append(set_path)
        return metrics, set_metrics

    return write


@pytest.fixture
def measurements(write_run: WriteRun) -> Measurements:
    return read_measurements(*write_run(), METHODS)


@pytest.fixture(scope="session")
def made_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, PageInputs]:
    """A small finished run, for tests that only read."""
    folder = tmp_path_factory.mktemp("made") / "run"
    return folder, make_run(folder)


@pytest.fixture
def inputs(made_run: tuple[Path, PageInputs], tmp_path: Path) -> PageInputs:
    """A copy of the run, for a test that may change it."""
    folder, inputs = made_run
    return copy_run(inputs, folder, tmp_path / "run")
