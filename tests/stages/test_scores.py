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
from idfsr.io.texts import read_json
from idfsr.main import main
from idfsr.methods.engine.restore import RESTORED_SCHEMA
from idfsr.metrics.engine.registry import find_families, find_metrics
from idfsr.models.attributes import AttributeNet, save_attributes
from idfsr.report.tables import build_table, read_measurements
from idfsr.run.families import family_stage

LANDMARKS = np.array([20, 26, 44, 25, 33, 38, 24, 48, 41, 47], dtype=np.float32)
NAMES = (*MetricsConfig().table1, *MetricsConfig().table2)


@pytest.fixture
def files(tmp_path: Path, shard_row: Callable[..., dict[str, Any]]) -> dict[str, list[Path]]:
    """Of two test images at x8 and x16; the restored ones are one and two levels off everywhere."""
    files: dict[str, list[Path]] = {"--shards": [], "--restored": []}
    for scale_factor, levels in ((8, 1), (16, 2)):
        rows = [
            shard_row("00001", image, part="test", scale_factor=scale_factor)
            | {"landmarks": LANDMARKS}
            for image in ("0", "1")
        ]
        files["--shards"].append(tmp_path / f"shard-{scale_factor}.parquet")
        write_shard(rows, files["--shards"][-1], {})
        images = [decode_png(row["gt_image"]).astype(np.int64) for row in rows]
        off = [np.where(image < 128, image + levels, image - levels) for image in images]
        restored = {
            "identity": "00001",
            "image": ["0", "1"],
            "scale_factor": scale_factor,
            "method": "bicubic",
            "sr_image": [encode_png(image.astype(np.uint8)) for image in off],
            "model_digest": "none",
        }
        files["--restored"].append(tmp_path / f"restored-{scale_factor}.parquet")
        write_table(pd.DataFrame(restored), files["--restored"][-1])
    torch.manual_seed(0)
    save_attributes(tmp_path / "attributes.safetensors", AttributeNet())
    return files


def to_words(command: str, flags: dict[str, Any]) -> list[str]:
    words = [command]
    for flag, value in flags.items():
        words += [flag, *map(str, value if isinstance(value, list) else [value])]
    return words


@pytest.fixture
def command(
    tmp_path: Path, files: dict[str, list[Path]], stage_config: Callable[[str], Path]
) -> Callable[..., list[str]]:
    """Give the command line for a family, some flags of it replaced."""

    def build(family: str, **changes: Any) -> list[str]:
        flags: dict[str, Any] = {
            "--config": stage_config(family_stage(family)),
            "--family": family,
            **files,
            "--assets": Path(__file__).parents[2] / ".assets",
            "--attributes": tmp_path / "attributes.safetensors",
            "--method": "bicubic",
            "--scores": tmp_path / "made" / f"{family}.parquet",
        }
        return to_words("scores", flags | {f"--{name}": value for name, value in changes.items()})

    return build


def test_a_row_for_each_image_and_scale(command: Any, tmp_path: Path) -> None:
    main(command("psnr"))
    path = tmp_path / "made" / "psnr.parquet"
    table = read_table(path)
    assert list(table) == [
        "identity", "image", "method", "scale_factor", "model_digest", "psnr", "psnr_y",
    ]  # fmt: skip
    assert table["scale_factor"].tolist() == [8, 8, 16, 16]
    one, two = 20 * np.log10(255), 20 * np.log10(255 / 2)  # errors of one and of two levels
    assert table["psnr"].tolist() == pytest.approx([one, one, two, two])
    before = path.read_bytes()
    main(command("psnr"))
    assert path.read_bytes() == before


def test_from_the_images_to_the_joined_table(
    command: Any, tmp_path: Path, files: Any, stage_config: Callable[[str], Path]
) -> None:
    """All families of the embedded default, truth first, joined at x16."""
    scores = []
    for name, family in find_families(NAMES).items():
        changes = {}
        if family.of_truth:
            changes["truth"] = tmp_path / name / "truth.parquet"
            words = command(name, shards=files["--shards"][:1], features=changes["truth"])
            for flag in ("--method", "--scores", "--restored"):
                start = words.index(flag)
                end = start + (3 if flag == "--restored" else 2)
                words[start:end] = []
            main(["truth-features", *words[1:]])
        main(command(name, **changes))
        scores.append(tmp_path / "made" / f"{name}.parquet")
    made = {"--metrics": tmp_path / "x16.parquet", "--set-metrics": tmp_path / "x16.set.json"}
    flags = {"--config": stage_config("metrics"), "--scores": scores, "--scale-factor": 16}
    main(to_words("join-scores", flags | made))
    table = read_table(tmp_path / "x16.parquet")
    wanted = [column for metric in find_metrics(NAMES) for column in metric.columns]
    assert list(table) == [
        "identity", "image", "method", "scale_factor", *wanted, "model_digest",
    ]  # fmt: skip
    assert table["psnr"].tolist() == pytest.approx([20 * np.log10(255 / 2)] * 2)
    assert table["ids_sface"].between(0, 0.1).all()
    facts = read_json(tmp_path / "x16.set.json", "set metrics")
    assert list(facts) == ["method", "scale_factor", "num_images", "mobilenetv2_fd"]
    assert facts["mobilenetv2_fd"] >= 0


@pytest.mark.parametrize(
    ("family", "changes", "message"),
    [
        ("psnr", {"method": "dr2"}, "restored-8.parquet: found method bicubic, wanted dr2"),
        ("psnr", {"truth": "truth.parquet"}, "--truth: found a file, wanted none for the family"),
        ("sface", {}, "--truth: found none, wanted a file for the family sface"),
        ("sface", {"truth": "truth.parquet"}, "truth.parquet: no such file"),
        ("niqe", {}, "family: found niqe, wanted one of adaface"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(
    family: str,
    changes: dict[str, str],
    message: str,
    command: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = command("psnr" if family == "niqe" else family, **changes)
    if family == "niqe":
        words[words.index("--family") + 1] = "niqe"
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(("engine", "wanted"), [("fast", "a file"), ("library", "none")])
def test_the_packages_own_calls_take_no_features_of_the_truth(
    command: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], engine: str, wanted: str
) -> None:
    settings = tmp_path / "engine.json"
    settings.write_text(json.dumps({"engine": engine}))
    words = command("inception")
    words[words.index("--config") + 1] = str(settings)
    if wanted == "none":
        words += ["--truth", str(tmp_path / "truth.parquet")]
    with pytest.raises(SystemExit):
        main(words)
    message = f"wanted {wanted} for the family inception"
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_a_metric_without_weights_is_named_and_its_column_empty(
    command: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    main(command("psnr"))
    settings = tmp_path / "metrics.json"
    settings.write_text(
        json.dumps({"table1": ["psnr", "lpips", "fid"], "table2": ["ids"], "recognisers": []})
    )
    flags = {
        "--config": settings,
        "--scores": tmp_path / "made" / "psnr.parquet",
        "--weights": tmp_path,
        "--scale-factor": 8,
        "--metrics": tmp_path / "x8.parquet",
        "--set-metrics": tmp_path / "x8.set.json",
    }
    main(to_words("join-scores", flags))
    assert [line.split(",")[0] for line in caplog.messages if "not computed" in line] == [
        f"{name}: not computed" for name in ("lpips", "fid", "ids")
    ]
    table = read_table(tmp_path / "x8.parquet")
    assert table[["lpips", "ids"]].isna().all(axis=None)
    assert table["psnr"].notna().all()
    assert json.loads((tmp_path / "x8.set.json").read_text())["fid"] is None


def test_a_method_that_restored_no_image_has_an_empty_row_with_its_reason(
    command: Any, files: dict[str, list[Path]], tmp_path: Path
) -> None:
    for path in files["--restored"]:
        table = read_table(path)
        nothing = table.assign(problem="no face").astype({"sr_image": object})
        nothing["sr_image"] = None
        write_table(nothing, path, RESTORED_SCHEMA)
    main(command("psnr"))
    settings = tmp_path / "metrics.json"
    settings.write_text(
        json.dumps({"table1": ["psnr", "fid"], "table2": ["ids"], "recognisers": []})
    )
    made = {"--metrics": tmp_path / "x8.parquet", "--set-metrics": tmp_path / "x8.set.json"}
    flags = {
        "--config": settings,
        "--scores": tmp_path / "made" / "psnr.parquet",
        "--weights": tmp_path,
        "--scale-factor": 8,
    }
    main(to_words("join-scores", flags | made))
    assert read_table(tmp_path / "x8.parquet").empty
    full = read_measurements([tmp_path / "x8.parquet"], [tmp_path / "x8.set.json"], ["bicubic"])
    (row,) = build_table(full, ["psnr", "fid"], ["bicubic"], 10).to_dict("records")
    assert (row["num_images"], row["problem"]) == (0, "no face")
