"""`idfsr tables` from files to files."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from idfsr.io.tables import write_table
from idfsr.io.texts import write_json
from idfsr.main import main

OUTPUTS = (
    "table1",
    "table2",
    "paired",
    "groups",
    "copying",
    "recognisers",
    "conditions",
    "networks",
    "files-table",
    "markdown",
    "latex",
    "summary",
)


@pytest.fixture
def arguments(tmp_path: Path, stage_config: Callable[[str], Path]) -> list[str]:
    metrics, set_metrics = [], []
    for number, method in enumerate(("bicubic", "idfsr-pt", "idfsr-ft")):
        rows = pd.DataFrame({"identity": ["a", "b"], "image": "0", "psnr": [20.0, 21.0 + number]})
        path = tmp_path / f"{method}.parquet"
        write_table(rows.assign(method=method, scale_factor=8, model_digest="m"), path)
        set_path = tmp_path / f"{method}.set.json"
        write_json(set_path, {"method": method, "scale_factor": 8, "mobilenetv2_fd": None})
        metrics.append(str(path))
        set_metrics.append(str(set_path))
    (tmp_path / "leaks.csv").write_text("method,metric,marks\nidfsr-pt,psnr,†\n")
    return [
        "tables", "--leaks", str(tmp_path / "leaks.csv"), "--config", str(stage_config("tables")),
        "--metrics", *metrics, "--set-metrics", *set_metrics,
    ]  # fmt: skip


def run(arguments: list[str], folder: Path) -> dict[str, bytes]:
    outputs = [word for name in OUTPUTS for word in (f"--{name}", str(folder / name))]
    main([*arguments, *outputs])
    return {name: (folder / name).read_bytes() for name in OUTPUTS}


def test_tables(arguments: list[str], tmp_path: Path) -> None:
    files = run(arguments, tmp_path / "out")
    lines = files["table1"].decode().splitlines()
    assert lines[0].startswith("method,scale_factor,num_images,num_identities,psnr,psnr_lo,")
    assert [line.split(",")[:7] for line in lines[1:]] == [
        ["bicubic", "8", "2", "2", "20.5", "20", "21"],
        ["idfsr-pt", "8", "2", "2", "21", "20", "22"],
        ["idfsr-ft", "8", "2", "2", "21.5", "20", "23"],
    ]
    assert lines[2].endswith(",psnr †,m") or lines[2].endswith(",m,psnr †")
    # Of two people, one with a difference, a quarter of the draws have none: p is near a half.
    assert b"idfsr-ft,idfsr-pt,8,psnr,0.5,0,1,2,0.512744,1\n" in files["paired"]
    assert b"age_diff_embedded_mean" in files["table2"].splitlines()[0]
    assert b"SSIM: could not be computed" in files["markdown"]
    assert files["latex"].startswith(b"% Needs")


def test_same_inputs_same_bytes(arguments: list[str], tmp_path: Path) -> None:
    assert run(arguments, tmp_path / "one") == run(arguments, tmp_path / "two")
