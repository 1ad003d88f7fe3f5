import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio

from idfsr.config.metrics import MetricsConfig
from idfsr.io.images import encode_png
from idfsr.io.shards import write_shard
from idfsr.io.tables import read_table, write_table
from idfsr.metrics.engine import evaluate as module
from idfsr.metrics.engine.comparisons import Resources
from idfsr.metrics.engine.evaluate import Evaluator, evaluate, load_evaluator, table_schema
from idfsr.metrics.engine.features import FeatureStore
from idfsr.metrics.engine.frechet import frechet_distance
from idfsr.metrics.engine.pairs import Pairs, read_pairs, read_truth, truth_batches
from idfsr.metrics.engine.registry import METRICS, find_metrics
from idfsr.metrics.engine.scorers import Scorers
from idfsr.metrics.engine.unit_range import to_unit
from idfsr.metrics.inception import network as inception
from idfsr.metrics.inception.kid import kernel_distance
from idfsr.models.attributes import AttributeNet, save_attributes

EMBEDDED = (*MetricsConfig().table1, *MetricsConfig().table2)
KEYS = [("00001", "0"), ("00001", "1"), ("00002", "0")]


class FakeAttributes(AttributeNet):
    """Sees a child in blurred faces, and a happy man of 40 in sharp ones."""

    def predict(self, crops: torch.Tensor) -> dict[str, torch.Tensor]:
        sharp = crops.diff(dim=3).abs().mean(dim=(1, 2, 3)) > 0.055
        return {
            "age": torch.where(sharp, 40.0, 8.0),
            "gender": sharp.long(),
            "race": torch.zeros_like(sharp, dtype=torch.int64),
            "expression": torch.where(sharp, 3, 6),
        }


@pytest.fixture
def resources(assets_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Resources:
    save_attributes(tmp_path / "attributes.safetensors", AttributeNet())
    monkeypatch.setattr(
        "idfsr.metrics.engine.comparisons.load_attributes", lambda *_: FakeAttributes()
    )
    return Resources(
        assets_dir=assets_dir,
        weights_dir=tmp_path / "nothing",
        attributes=tmp_path / "attributes.safetensors",
        idv_threshold=0.637,
        enforce_detection=False,
        device=torch.device("cpu"),
    )


def run(small_run: Any, evaluator: Evaluator) -> tuple[pd.DataFrame, dict[str, Any], list[str]]:
    rows = read_pairs(small_run.shards, small_run.restored, "bicubic", 8)
    return evaluate(evaluator, rows, "bicubic", 8)


def run_all(small_run: Any, resources: Resources) -> tuple[pd.DataFrame, dict[str, Any]]:
    table, set_metrics, _ = run(small_run, load_evaluator(EMBEDDED, resources))
    return table, set_metrics


def test_a_table_with_every_column_and_the_set_metrics(
    small_run: Any, resources: Resources, tmp_path: Path
) -> None:
    table, set_metrics = run_all(small_run, resources)
    wanted = [column for metric in find_metrics(EMBEDDED) for column in metric.columns]
    assert list(table.columns) == [
        "identity", "image", "method", "scale_factor", *wanted, "model_digest",
    ]  # fmt: skip
    for row, key in zip(table.itertuples(), KEYS, strict=True):
        images = small_run.gt_images[key], small_run.sr_images[key]
        assert (row.identity, row.image) == key
        assert row.psnr == pytest.approx(peak_signal_noise_ratio(*images))
        assert (row.gt_age_embedded, row.sr_age_embedded, row.age_diff_embedded) == (40, 8, 32)
        agreements = row.acc_gender_embedded, row.acc_race_embedded, row.acc_expression_embedded
        assert agreements == (0, 1, 0)
        assert row.idv_sface == (row.ids_sface <= 0.637)
    assert set(set_metrics) == {"method", "scale_factor", "num_images", "mobilenetv2_fd"}
    assert set_metrics["num_images"] == 3
    assert set_metrics["mobilenetv2_fd"] > 0
    assert json.loads(json.dumps(set_metrics)) == set_metrics
    write_table(table, tmp_path / "t.parquet", table_schema(table))
    pd.testing.assert_frame_equal(
        read_table(tmp_path / "t.parquet"), table, check_dtype=False, check_exact=True
    )


def test_values_are_in_the_range_of_the_registry(small_run: Any, resources: Resources) -> None:
    table, _ = run_all(small_run, resources)
    for metric in find_metrics(EMBEDDED):
        for column in metric.columns[:1]:
            low, high = metric.value_range
            assert table[column].between(low, high).all(), column


def test_the_truth_itself_is_the_best_there_is(small_run: Any, resources: Resources) -> None:
    blurred, _ = run_all(small_run, resources)
    small_run.sr_images = small_run.gt_images
    small_run.restored = [small_run.restore(KEYS)]
    perfect, set_metrics = run_all(small_run, resources)
    assert np.isinf(perfect["psnr"]).all()
    assert perfect["ids_sface"].max() < 1e-6
    assert perfect["idv_sface"].all()
    assert set_metrics["mobilenetv2_fd"] == pytest.approx(0, abs=1e-6)
    for name in (
        "ssim", "mobilenetv2_distance", "brisque", "ids_sface", "acc_gender_embedded",
        "age_diff_embedded",
    ):  # fmt: skip
        sign = 1 if METRICS[name].direction == "higher" else -1
        assert (sign * (perfect[name] - blurred[name]) > 0).all(), name


def test_no_result_depends_on_the_order_of_the_files_or_the_run(
    small_run: Any, resources: Resources
) -> None:
    first = run_all(small_run, resources)
    small_run.restored.reverse()
    second = run_all(small_run, resources)
    pd.testing.assert_frame_equal(first[0], second[0], check_exact=True)
    assert first[1] == second[1]


def test_batches_are_put_together(small_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_SIZE", 2)
    sizes: list[int] = []

    def score(pairs: Pairs) -> dict[str, np.ndarray]:
        sizes.append(len(pairs.gt_image))
        return {"psnr": pairs.sr_image[:, 0, 0, 0].astype(np.float64)}

    evaluator = Evaluator(find_metrics(["psnr"]), [], Scorers([score], []), FeatureStore([]))
    table, set_metrics, _ = run(small_run, evaluator)
    assert sizes == [2, 1]
    assert table["psnr"].tolist() == [small_run.sr_images[key][0, 0, 0] for key in KEYS]
    assert set(set_metrics) == {"method", "scale_factor", "num_images"}


def test_the_size_of_the_batches_does_not_matter(
    small_run: Any, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    together, of_all = run_all(small_run, resources)
    monkeypatch.setattr(module, "BATCH_SIZE", 1)
    alone, of_each = run_all(small_run, resources)
    pd.testing.assert_frame_equal(alone, together, rtol=1e-5, atol=1e-6)
    name = "mobilenetv2_fd"
    assert of_each[name] == pytest.approx(of_all[name], rel=1e-5)


def test_one_image_has_no_frechet_distance(
    shard_row: Any, small_run: Any, resources: Resources, tmp_path: Path
) -> None:
    shard = tmp_path / "single.parquet"
    row = shard_row("00001", "0", part="test") | {
        "gt_image": encode_png(small_run.gt_images[KEYS[0]])
    }
    write_shard([row], shard, {})
    small_run.shards, small_run.restored = [shard], [small_run.restore(KEYS[:1])]
    _, set_metrics, _ = run(small_run, load_evaluator(["mobilenetv2_fd"], resources))
    assert set_metrics["num_images"] == 1
    assert set_metrics["mobilenetv2_fd"] is None


class FakeInception(torch.nn.Module):
    """Gives the pixels of a small copy in place of Inception's features."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        small = torch.nn.functional.adaptive_avg_pool2d(images[:, :2], 32)
        return [small.reshape(len(images), 2048, 1, 1)]


def test_fid_and_kid_are_of_inceptions_features(
    small_run: Any, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = resources.weights_dir / inception.WEIGHTS
    path.parent.mkdir(parents=True)
    path.write_bytes(b"weights")
    monkeypatch.setattr(inception, "load_inception", lambda *_: FakeInception())
    _, set_metrics, _ = run(small_run, load_evaluator(["fid", "kid"], resources))
    sr, gt = (
        FakeInception()(to_unit(np.stack([images[key] for key in KEYS])).float())[0][:, :, 0, 0]
        for images in (small_run.sr_images, small_run.gt_images)
    )
    assert set_metrics["fid"] == pytest.approx(frechet_distance(sr, gt), rel=1e-6)
    assert set_metrics["kid"] == pytest.approx(kernel_distance(sr, gt), rel=1e-6)


def test_no_network_sees_an_image_twice(
    small_run: Any, resources: Resources, tmp_path: Path
) -> None:
    """The truth is asked once for all, a method once; the table is the same as without a store."""
    first = load_evaluator(EMBEDDED, resources)
    rows = read_truth(small_run.shards)
    keys = first.extract_truth(truth_batches(rows, 2), len(rows))
    first.store.write(tmp_path / "truth.parquet", keys)

    second = load_evaluator(EMBEDDED, resources)
    seen = count_images(second)
    second.store.read(tmp_path / "truth.parquet")
    table, set_metrics, keys = run(small_run, second)
    assert seen == {"brisque": 3, "sface": 3, "attributes": 3}  # the restored ones
    second.store.write(tmp_path / "method.parquet", keys)

    third = load_evaluator(EMBEDDED, resources)
    seen = count_images(third)
    third.store.read(tmp_path / "truth.parquet")
    third.store.read(tmp_path / "method.parquet")
    again, set_again, _ = run(small_run, third)
    assert seen == {}
    pd.testing.assert_frame_equal(again, table, check_exact=True)
    assert set_again == set_metrics


def count_images(evaluator: Evaluator) -> dict[str, int]:
    """Let the store count the images that each network is asked of."""
    seen: dict[str, int] = {}
    ask = evaluator.store._ask

    def count(name: str, batch: Any) -> Any:
        seen[name] = seen.get(name, 0) + len(batch.keys)
        return ask(name, batch)

    evaluator.store._ask = count
    return seen


def test_only_what_is_wanted_is_loaded(tmp_path: Path) -> None:
    nowhere = Resources(tmp_path, tmp_path, tmp_path / "none", 0.637, False, torch.device("cpu"))
    evaluator = load_evaluator(["psnr", "ssim"], nowhere)
    assert len(evaluator.scorers.of_pairs) == 2
    assert evaluator.scorers.comparisons == []


def test_metrics_without_weights_are_named_before_and_empty_after(
    small_run: Any, resources: Resources, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        evaluator = load_evaluator(["psnr", "lpips", "fid", "ids", "acc_race"], resources)
    assert [record.getMessage().split(",")[0] for record in caplog.records] == [
        f"{name}: not computed" for name in ("lpips", "fid", "ids", "acc_race")
    ]
    assert f"no {resources.weights_dir}/hub/checkpoints/alexnet-owt" in caplog.text
    table, set_metrics, _ = run(small_run, evaluator)
    assert table[["lpips", "ids", "acc_race"]].isna().all(axis=None)
    assert table["psnr"].notna().all()
    assert set_metrics["fid"] is None
