"""The figures beyond the paper's: worst results, confusions, costs, and curves under damage."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from idfsr.errors import IdfsrError
from idfsr.experiments.damages import DAMAGES_SCHEMA, LEVELS
from idfsr.io.images import encode_png
from idfsr.io.shards import write_shard
from idfsr.io.tables import write_table
from idfsr.io.texts import write_json
from idfsr.main import main
from idfsr.report.confusion import count_confusions, find_attributes
from idfsr.report.cost import KEYS, read_costs
from idfsr.report.damages import summarise_damages
from idfsr.report.failures import explain_failures, read_circumstances
from idfsr.report.tables import read_csv

MakeRow = Callable[..., dict[str, Any]]
FACE = np.array([[20, 24], [44, 24], [32, 36], [22, 48], [42, 48]], dtype=np.float32)


def outputs_of(figure: Path) -> pd.DataFrame:
    """Check that a figure has its three files; return the numbers."""
    with Image.open(figure) as image:
        assert {"Title", "Description"} <= set(image.info)
        assert "{" not in image.info["Description"]
    assert "<svg" in figure.with_suffix(".svg").read_text()
    return read_csv(figure.with_suffix(".csv"))


@pytest.fixture
def shard(tmp_path: Path, shard_row: MakeRow) -> Path:
    """Five people whose warps miss by 0, 6, ... pixels; the face of the last one is not found."""
    rows = []
    for number, identity in enumerate("abcde"):
        for image, part in (("r0", "fit"), ("r1", "fit"), ("t", "test")):
            row = shard_row(identity, image, part, 16)
            row["landmarks"] = FACE.ravel()
            row["z_id"] = np.eye(512, dtype=np.float32)[0]
            for reference in row["references"]:
                reference["affine"] = np.array([1, 0, 0, 0, 1, 6 * number], np.float32)
            row["lr_detected"] = identity != "e"
            rows.append(row)
        if identity == "b":
            rows[-1]["landmarks"] = (FACE * np.float32([1, 1.5])).ravel()
        if identity == "c":
            rows[-1]["z_id"] = np.eye(512, dtype=np.float32)[1]
    write_shard(rows, tmp_path / "shard.parquet", {})
    return tmp_path / "shard.parquet"


@pytest.fixture
def measured() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "identity": list("abcde"), "image": "t", "scale_factor": 16, "method": "idfsr-ft",
            "ids_sface": [0.1, 0.5, 0.7, 0.8, 0.9], "model_digest": "m",
            "acc_gender_embedded": 1.0,
            "gt_gender_embedded": ["female", "female", "female", "male", "male"],
            "sr_gender_embedded": ["female", "female", "male", "male", "male"],
            "acc_expression_embedded": 1.0,
            "gt_expression_embedded": ["neutral", "happy", "happy", "happy", "happy"],
            "sr_expression_embedded": ["neutral", "neutral", "neutral", "happy", "angry"],
        }
    )  # fmt: skip


def test_worst_come_first_with_what_was_unusual(shard: Path, measured: pd.DataFrame) -> None:
    table = explain_failures(read_circumstances([shard]), measured, "ids_sface")
    assert table["identity"].tolist() == list("edcba")
    found = table.set_index("identity")
    assert found.loc["d", "warp"] == pytest.approx(18 / 24)
    assert found.loc["c", "z_id"] == pytest.approx(1)
    assert found.loc["a", ["warp", "pose", "z_id"]].tolist() == pytest.approx([0, 0, 0], abs=1e-6)
    assert found.loc["b", "pose"] > 0.1
    assert found["reason"].tolist() == [
        "no face found, mean landmarks", "residual of the warp", "z_id unlike the photographs'",
        "pose unlike the reference's", "nothing unusual",
    ]  # fmt: skip


def test_failures_from_files_to_files(
    shard: Path, measured: pd.DataFrame, tmp_path: Path, stage_config: Callable[[str], Path]
) -> None:
    png = encode_png(np.zeros((64, 64, 3), dtype=np.uint8))
    write_table(measured.assign(sr_image=png), tmp_path / "restored.parquet")
    write_table(measured, tmp_path / "metrics.parquet")
    figure = tmp_path / "failures.png"
    main(
        [
            "failures", "--config", str(stage_config("figures")), "--shards", str(shard),
            "--restored", str(tmp_path / "restored.parquet"),
            "--metrics", str(tmp_path / "metrics.parquet"), "--figure", str(figure),
        ]
    )  # fmt: skip
    assert outputs_of(figure)["ids_sface"].tolist() == [0.9, 0.8, 0.7, 0.5, 0.1]


def test_confusions_are_counted(measured: pd.DataFrame, tmp_path: Path) -> None:
    table = count_confusions(measured, find_attributes(measured))
    counts = table.set_index(["attribute", "gt", "sr"])
    assert counts.loc[("gender_embedded", "female", "male"), "num_images"] == 1
    assert counts.loc[("gender_embedded", "female", "male"), "share"] == pytest.approx(1 / 3)
    expression = table[table["attribute"] == "expression_embedded"]
    assert list(dict.fromkeys(expression["gt"])) == ["angry", "happy", "neutral"]
    assert expression["num_images"].sum() == 5
    assert expression[expression["gt"] == "angry"]["share"].isna().all()
    write_table(measured, tmp_path / "m.parquet")
    figure = tmp_path / "confusion.png"
    main(["confusion", "--metrics", str(tmp_path / "m.parquet"), "--figure", str(figure)])
    assert len(outputs_of(figure)) == 4 + 9
    with pytest.raises(IdfsrError, match="found no attribute in words"):
        find_attributes(measured.drop(columns=["sr_gender_embedded", "gt_expression_embedded"]))


def test_costs_are_drawn(tmp_path: Path) -> None:
    keys = {"scale_factor": 16, "image_size": 64, "num_parameters": 10, "macs": 0, "device": "cpu"}
    for number, method in enumerate(("bicubic", "idfsr-ft")):
        own = {"method": method, "seconds": 0.5 * number, "memory_mb": 800}
        write_json(tmp_path / f"{method}.json", keys | own)
    figure = tmp_path / "cost.png"
    files = [str(tmp_path / f"{method}.json") for method in ("bicubic", "idfsr-ft")]
    main(["cost", "--costs", *files, "--figure", str(figure)])
    table = outputs_of(figure)
    assert table["method"].tolist() == ["bicubic", "idfsr-ft"]
    write_json(tmp_path / "other.json", {key: 1 for key in KEYS if key != "macs"})
    with pytest.raises(IdfsrError, match="found no macs, wanted the cost of a method"):
        read_costs([tmp_path / "other.json"])
    assert json.loads(Path(files[1]).read_text())["seconds"] == table["seconds"][1]


def test_curves_under_damage(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        [
            {
                "identity": person, "image": "0", "damage": kind, "level": float(level),
                "scale_factor": int(level) if kind == "scale" else 8, "method": method,
                "lr_detected": level != levels[-1], "sr_image": b"", "model_digest": "m",
                "psnr": 20.0 + number, "ids_sface": 0.5,
            }
            for kind, levels in LEVELS.items()
            for level in levels
            for number, person in enumerate("abc")
            for method in ("bicubic", "idfsr-ft")
        ]
    )  # fmt: skip
    summary = summarise_damages(rows)
    assert len(summary) == sum(map(len, LEVELS.values())) * 2 * 2
    first = summary.iloc[0]
    assert (first["mean"], first["lo"], first["hi"], first["num_people"]) == (21, 20, 22, 3)
    assert (first["num_detected"], summary["num_detected"].iloc[-1]) == (3, 0)
    write_table(rows, tmp_path / "damages.parquet", DAMAGES_SCHEMA)
    figure = tmp_path / "robustness.png"
    main(["robustness", "--damages", str(tmp_path / "damages.parquet"), "--figure", str(figure)])
    assert len(outputs_of(figure)) == len(summary)
