import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from idfsr.config.metrics import MetricsConfig
from idfsr.io.images import decode_png, encode_png
from idfsr.io.shards import write_shard
from idfsr.io.tables import read_table, write_table
from idfsr.main import main
from idfsr.metrics.engine.features import FeatureStore
from idfsr.metrics.engine.registry import find_metrics
from idfsr.models.attributes import AttributeNet, save_attributes

LANDMARKS = np.array([20, 26, 44, 25, 33, 38, 24, 48, 41, 47], dtype=np.float32)


@pytest.fixture
def arguments(
    tmp_path: Path,
    shard_row: Callable[..., dict[str, Any]],
    stage_config: Callable[[str], Path],
) -> list[str]:
    """Of a run with two test images; the restored ones are one level off everywhere."""
    rows = [
        shard_row("00001", image, part="test") | {"landmarks": LANDMARKS} for image in ("0", "1")
    ]
    write_shard(rows, tmp_path / "shard.parquet", {})
    images = [decode_png(row["gt_image"]) for row in rows]
    off_by_one = [np.where(image < 255, image + 1, 254).astype(np.uint8) for image in images]
    restored = {
        "identity": "00001",
        "image": ["0", "1"],
        "scale_factor": 8,
        "method": "bicubic",
        "sr_image": [encode_png(image) for image in off_by_one],
        "model_digest": "none",
    }
    write_table(pd.DataFrame(restored), tmp_path / "restored.parquet")
    torch.manual_seed(0)
    save_attributes(tmp_path / "attributes.safetensors", AttributeNet())
    flags = {
        "--config": stage_config("metrics"),
        "--shards": tmp_path / "shard.parquet",
        "--restored": tmp_path / "restored.parquet",
        "--assets": Path(__file__).parents[2] / ".assets",
        "--attributes": tmp_path / "attributes.safetensors",
        "--method": "bicubic",
        "--scale-factor": 8,
        "--metrics": tmp_path / "made" / "bicubic.parquet",
        "--set-metrics": tmp_path / "made" / "bicubic.set.json",
        "--threads": 1,
    }
    return ["evaluate", *(str(word) for pair in flags.items() for word in pair)]


def test_makes_the_table_and_the_set_metrics(arguments: list[str], tmp_path: Path) -> None:
    main(arguments)
    table = read_table(tmp_path / "made" / "bicubic.parquet")
    assert table["image"].tolist() == ["0", "1"]
    assert table["psnr"].tolist() == pytest.approx([20 * np.log10(255)] * 2)  # MSE of one level
    settings = MetricsConfig()
    metrics = find_metrics((*settings.table1, *settings.table2))
    assert {column for metric in metrics for column in metric.columns} < set(table)
    set_metrics = json.loads((tmp_path / "made" / "bicubic.set.json").read_text())
    assert set_metrics["num_images"] == 2
    assert set_metrics["scale_factor"] == 8
    assert set_metrics["mobilenetv2_fd"] >= 0
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == [
        "bicubic.parquet", "bicubic.set.json",
    ]  # fmt: skip


def test_the_same_command_writes_the_same_bytes(arguments: list[str], tmp_path: Path) -> None:
    made = [tmp_path / "made" / name for name in ("bicubic.parquet", "bicubic.set.json")]
    main(arguments)
    first = [path.read_bytes() for path in made]
    main(arguments)
    assert [path.read_bytes() for path in made] == first


def test_the_truth_is_asked_once_and_the_restored_images_are_remembered(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth, features = tmp_path / "truth.parquet", tmp_path / "features.parquet"
    options = {word: arguments[arguments.index(word) + 1] for word in arguments if word[0] == "-"}
    shared = ("--config", "--shards", "--assets", "--attributes")
    words = [word for name in shared for word in (name, options[name])]
    main(["features", *words, "--features", str(truth)])
    main(arguments)
    before = (tmp_path / "made" / "bicubic.parquet").read_bytes()

    arguments += ["--truth", str(truth), "--features", str(features)]
    main(arguments)
    assert (tmp_path / "made" / "bicubic.parquet").read_bytes() == before
    asked: list[str] = []
    monkeypatch.setattr(FeatureStore, "_ask", lambda _, name, __: asked.append(name))
    main(arguments)
    assert asked == []
    assert (tmp_path / "made" / "bicubic.parquet").read_bytes() == before


def test_a_mistake_is_one_line_and_nothing_is_written(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments[arguments.index("bicubic")] = "idfsr-ft"
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    error = capsys.readouterr().err.splitlines()
    assert error == [
        f"idfsr evaluate: error: {tmp_path}/restored.parquet: found method bicubic, wanted idfsr-ft"
    ]
    assert not (tmp_path / "made").exists()
