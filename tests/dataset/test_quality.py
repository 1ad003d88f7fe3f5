from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from idfsr.config.quality import QualityConfig
from idfsr.dataset.quality import apply_thresholds
from idfsr.errors import IdfsrError
from idfsr.io.schemas import QUALITY_SCHEMA
from idfsr.io.tables import read_table, write_table

CONFIG = QualityConfig(
    min_size=64, min_sharpness=20, min_score=0.8, max_num_faces=1, max_yaw=60
)  # fmt: skip


def manifest(*images: str, status: str = "ok", width: int = 64) -> pd.DataFrame:
    rows = [
        {
            "identity": "ann", "image": image, "path": f"ann/{image}.png", "sha256": image,
            "width": width, "height": 80, "copy_of": "", "status": status,
        }
        for image in images
    ]  # fmt: skip
    return pd.DataFrame(rows)


def face(image: str, **changes: Any) -> dict[str, Any]:
    values = {"num_faces": 1, "score": 0.8, "sharpness": 20.0, "yaw": -60.0, "z_id": None}
    spot = {"box": [1.0, 2.0, 3.0, 4.0], "landmarks": [float(i) for i in range(10)]}
    return {"identity": "ann", "image": image, **spot, **values, **changes}


def status(width: int = 64, config: QualityConfig = CONFIG, **changes: Any) -> str:
    landmarks = pd.DataFrame([face("0", **changes)])
    return apply_thresholds(manifest("0", width=width), [landmarks], config)["status"][0]


def test_an_image_at_every_threshold_passes() -> None:
    assert status() == "ok"


def test_each_reason_has_its_figure() -> None:
    assert status(width=63) == "small: shorter side 63 below 64"
    assert status(score=0.7961) == "uncertain face: score 0.796 below 0.8"
    assert status(num_faces=2) == "several faces: 2 above 1"
    assert status(sharpness=12.14) == "blurred: sharpness 12.1 below 20"
    assert status(yaw=-71.26) == "turned away: yaw 71.3 degrees above 60"
    nothing = {"score": None, "box": None, "landmarks": None, "sharpness": None, "yaw": None}
    assert status(num_faces=0, **nothing) == "no face"


def test_the_first_reason_counts() -> None:
    assert status(width=10, score=0.1, sharpness=0.0) == "small: shorter side 10 below 64"


def test_no_bound_on_the_number_of_faces() -> None:
    assert status(num_faces=9, config=QualityConfig(max_num_faces=0)) == "ok"


def test_joins_shards_and_keeps_what_the_index_left_out(tmp_path: Path) -> None:
    table = pd.concat([manifest("0"), manifest("1", status="truncated", width=0), manifest("2")])
    shards = [pd.DataFrame([face("0")]), pd.DataFrame([face("2", num_faces=0, score=None)])]
    joined = apply_thresholds(table.reset_index(drop=True), shards, CONFIG)
    assert joined["status"].tolist() == ["ok", "truncated", "no face"]
    write_table(joined, tmp_path / "quality.parquet", QUALITY_SCHEMA)
    read = read_table(tmp_path / "quality.parquet")
    assert read["image"].tolist() == ["0", "1", "2"]
    assert read["landmarks"][0].tolist() == list(range(10))
    assert read["landmarks"][1] is None
    assert read["num_faces"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (["0"], r"ann/1 of the manifest has no landmarks \(1 such images\)"),
        (["0", "1", "5"], "ann/5 has landmarks but no usable row"),
        (["0", "1", "1"], "ann/1 twice"),
    ],
)
def test_landmarks_of_another_manifest(images: list[str], message: str) -> None:
    landmarks = pd.DataFrame([face(image) for image in images])
    with pytest.raises(IdfsrError, match=message):
        apply_thresholds(manifest("0", "1"), [landmarks], CONFIG)


def test_a_stranger_is_told_by_the_embedding(caplog: pytest.LogCaptureFixture) -> None:
    names = ["0", "1", "2", "3"]
    table = manifest(*names)
    found = pd.DataFrame([face(name) for name in names])
    rng = np.random.default_rng(0)
    person = rng.standard_normal(512)
    found["z_id"] = [person + 0.3 * rng.standard_normal(512) for _ in names[:3]] + [
        rng.standard_normal(512)
    ]
    kept = apply_thresholds(table, [found], QualityConfig())
    assert kept["status"].tolist() == ["ok"] * 4
    assert (kept["likeness"][:3] > 0.6).all()
    assert "1 images probably show another person" in caplog.text
    assert "ann/3" in caplog.text
    left = apply_thresholds(table, [found], QualityConfig(leave_out_strangers=True))
    assert [status.split(":")[0] for status in left["status"]] == ["ok"] * 3 + ["another person"]
    two = apply_thresholds(manifest("0", "3"), [found.iloc[[0, 3]]], QualityConfig())
    assert two["likeness"].isna().all()
