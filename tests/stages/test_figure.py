"""`idfsr figure`: every kind from its files to a PNG with title and caption."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from idfsr.io.digests import file_digest
from idfsr.io.images import encode_png
from idfsr.io.shards import write_shard
from idfsr.io.tables import write_table
from idfsr.io.texts import stats_line, write_json
from idfsr.main import main
from idfsr.stages.figure import FIGURES

METHODS = ("bicubic", "idfsr-pt", "idfsr-mean", "idfsr-ft")
METRICS = (
    "psnr", "ssim", "mobilenetv2_distance", "brisque", "ids_sface", "idv_sface",
    "acc_gender_embedded", "acc_expression_embedded", "age_diff_embedded",
)  # fmt: skip


@pytest.fixture
def inputs(
    tmp_path: Path,
    shard_row: Callable[..., dict[str, Any]],
    stage_config: Callable[[str], Path],
    photo_tree: Path,
) -> dict[str, list[str]]:
    """Arguments of each kind."""
    parts = (("r0", "fit"), ("r1", "fit"), ("t0", "test"))
    rows = [shard_row(identity, *part) for identity in ("a", "b") for part in parts]
    write_shard(rows, tmp_path / "shard.parquet", {})
    restored, metrics, sets = [], [], []
    key = {"identity": ["a", "b"], "image": "t0", "scale_factor": 8}
    for method in METHODS:
        png = encode_png(np.zeros((64, 64, 3), dtype=np.uint8))
        frame = pd.DataFrame(key).assign(method=method, sr_image=png)
        restored.append(tmp_path / f"restored/{method}.parquet")
        write_table(frame, restored[-1])
        scores = pd.DataFrame(key).assign(method=method, model_digest="m")
        metrics.append(tmp_path / f"metrics/{method}.parquet")
        write_table(scores.assign(**dict.fromkeys(METRICS, 0.5)), metrics[-1])
        sets.append(tmp_path / f"metrics/{method}.set.json")
        values = {"method": method, "scale_factor": 8, "mobilenetv2_fd": 2.0}
        write_json(sets[-1], values)
    fits = [tmp_path / f"fit/x8/{identity}/stats.jsonl" for identity in ("a", "b")]
    for path in fits:
        path.parent.mkdir(parents=True)
        rows = [{"step": 9 * number, "held_out_loss": 2.0 - number} for number in range(2)]
        path.write_text("".join(map(stats_line, rows)))
    rows = [{"images_seen": 8 * number, "loss": 2 / number} for number in (1, 2)]
    (tmp_path / "pretrain.jsonl").write_text("".join(map(stats_line, rows)))
    (tmp_path / "errors.csv").write_text(
        "detector,scale_factor,num_images,found,nme,nme_p90\n"
        "stock,8,4,0.5,0.2,0.4\nfine-tuned,8,4,1.0,0.1,0.2\n"
    )
    quality = pd.DataFrame(
        {"identity": ["ann"], "image": "0", "path": "ann/0.png", "status": "ok", "height": 48}
    ).assign(
        sha256=file_digest(photo_tree / "ann/0.png"),
        box=[[16.0, 8, 48, 40]],
        landmarks=[[24.0, 16, 40, 16, 32, 24, 26, 32, 38, 32]],
        width=48, copy_of="", num_faces=1, score=0.9, sharpness=99.0, yaw=0.0, likeness=0.8,
    )  # fmt: skip
    write_table(quality, tmp_path / "quality.parquet")
    (tmp_path / "leaks.csv").write_text("method,metric,marks\n")
    leaks = ["--leaks", str(tmp_path / "leaks.csv")]
    names = (
        "paired", "groups", "copying", "recognisers", "conditions", "networks", "files-table",
        "markdown", "latex", "summary",
    )  # fmt: skip
    outputs = {name: str(tmp_path / name) for name in names}
    tables = {name: str(tmp_path / f"{name}.csv") for name in ("table1", "table2")}
    report, settings = str(stage_config("report")), str(stage_config("tables"))
    main(
        ["tables", "--config", settings, "--metrics", *map(str, metrics)]
        + ["--set-metrics", *map(str, sets), *leaks]
        + [word for name, path in (tables | outputs).items() for word in (f"--{name}", path)]
    )
    shards = ["--config", report, "--shards", str(tmp_path / "shard.parquet")]
    return {
        "grid": [*shards, "--restored", *map(str, restored), "--metrics", *map(str, metrics)],
        "warping": shards,
        "fit-curves": ["--stats", *map(str, fits)],
        "pretrain-curve": ["--stats", str(tmp_path / "pretrain.jsonl")],
        "landmarks": [
            "--config", report, "--quality", str(tmp_path / "quality.parquet"),
            "--root", str(photo_tree),
        ],
        "lr-detector": ["--errors", str(tmp_path / "errors.csv")],
        "metrics": [
            "--config", settings, "--table1", tables["table1"], "--table2", tables["table2"],
            *leaks,
        ],
    }  # fmt: skip


@pytest.mark.parametrize("kind", FIGURES)
def test_figure_of_every_kind_has_the_same_bytes_twice(
    kind: str, inputs: dict[str, list[str]], tmp_path: Path
) -> None:
    paths = [tmp_path / "figures" / name for name in ("one.png", "two.png")]
    for path in paths:
        main(["figure", kind, *inputs[kind], "--figure", str(path)])
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with Image.open(paths[0]) as image:
        assert min(image.size) > 300
        assert len(image.convert("L").getcolors()) > 20
        assert image.info["Title"]
        assert image.info["Description"].endswith(".")


def test_help_of_a_kind_lists_its_files(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["figure", "grid", "--help"])
    text = capsys.readouterr().out
    for flag in ("--config", "--shards", "--restored", "--metrics", "--figure"):
        assert flag in text


def test_bad_input_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["figure", "lr-detector", "--errors", str(tmp_path / "no"), "--figure", "f.png"])
    assert caught.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
