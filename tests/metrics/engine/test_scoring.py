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
from idfsr.metrics.engine import scoring as module
from idfsr.metrics.engine.features import read_features, write_features
from idfsr.metrics.engine.frechet import frechet_distance
from idfsr.metrics.engine.metric import OfImages, OfPairs, Pairs, Resources
from idfsr.metrics.engine.pairs import batches, read_pairs, read_truth, truth_batches
from idfsr.metrics.engine.registry import all_metrics, find_families, find_metrics
from idfsr.metrics.engine.scoring import Scores, extract_features, score_pairs
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
            "expression": torch.where(sharp, 3, 6),
        }


@pytest.fixture
def resources(assets_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Resources:
    save_attributes(tmp_path / "attributes.safetensors", AttributeNet())
    monkeypatch.setattr("idfsr.models.attributes.load_attributes", lambda *_: FakeAttributes())
    return Resources(
        assets_dir=assets_dir,
        weights_dir=tmp_path / "nothing",
        attributes=tmp_path / "attributes.safetensors",
        device=torch.device("cpu"),
        settings=MetricsConfig(),
    )


def load(names: Any, resources: Resources) -> dict[str, OfPairs | OfImages]:
    return {name: family.load(resources) for name, family in find_families(names).items()}


def run(small_run: Any, scorers: Any, truth: Any = None) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return the columns of all families, and their metrics of the set."""
    rows = read_pairs(small_run.shards, small_run.restored, "bicubic", 8)
    features = dict.fromkeys(scorers) | (truth or {})
    pairs = batches(rows, module.BATCH_SIZE)
    scores: dict[str, Scores] = score_pairs(scorers, pairs, len(rows), features)
    columns = {name: values for one in scores.values() for name, values in one.columns.items()}
    of_the_set = {name: value for one in scores.values() for name, value in one.of_the_set.items()}
    return pd.DataFrame(columns), of_the_set


def test_every_column_and_the_set_metrics(small_run: Any, resources: Resources) -> None:
    table, set_metrics = run(small_run, load(EMBEDDED, resources))
    assert set(table) == {name for one in find_metrics(EMBEDDED) for name in one.columns}
    for row, key in zip(table.itertuples(), KEYS, strict=True):
        images = small_run.gt_images[key], small_run.sr_images[key]
        assert row.psnr == pytest.approx(peak_signal_noise_ratio(*images))
        assert (row.gt_age_embedded, row.sr_age_embedded, row.age_diff_embedded) == (40, 8, 32)
        assert (row.acc_gender_embedded, row.acc_expression_embedded) == (0, 0)
        assert row.idv_sface == (row.ids_sface <= 0.637)
    assert set(set_metrics) == {"mobilenetv2_fd"}
    assert set_metrics["mobilenetv2_fd"] > 0


def test_values_are_in_the_range_of_the_registry(small_run: Any, resources: Resources) -> None:
    table, _ = run(small_run, load(EMBEDDED, resources))
    for metric in find_metrics(EMBEDDED):
        for column in metric.columns[:1]:
            low, high = metric.value_range
            assert table[column].between(low, high).all(), column


def test_the_truth_itself_is_the_best_there_is(small_run: Any, resources: Resources) -> None:
    scorers = load(EMBEDDED, resources)
    blurred, _ = run(small_run, scorers)
    small_run.sr_images = small_run.gt_images
    small_run.restored = [small_run.restore(KEYS)]
    perfect, set_metrics = run(small_run, scorers)
    assert np.isinf(perfect["psnr"]).all()
    assert perfect["ids_sface"].max() < 1e-6
    assert perfect["idv_sface"].all()
    assert set_metrics["mobilenetv2_fd"] == pytest.approx(0, abs=1e-6)
    for name in (
        "ssim", "mobilenetv2_distance", "brisque", "ids_sface", "acc_gender_embedded",
        "age_diff_embedded",
    ):  # fmt: skip
        sign = 1 if all_metrics()[name].direction == "higher" else -1
        assert (sign * (perfect[name] - blurred[name]) > 0).all(), name


def test_neither_the_order_of_the_files_nor_the_size_of_the_batches_matters(
    small_run: Any, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    scorers = load(EMBEDDED, resources)
    first, of_all = run(small_run, scorers)
    small_run.restored.reverse()
    second, of_second = run(small_run, scorers)
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    assert of_all == of_second
    monkeypatch.setattr(module, "BATCH_SIZE", 1)
    alone, of_each = run(small_run, scorers)
    pd.testing.assert_frame_equal(alone, first, rtol=1e-5, atol=1e-6)
    assert of_each["mobilenetv2_fd"] == pytest.approx(of_all["mobilenetv2_fd"], rel=1e-5)


def test_batches_are_put_together(small_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_SIZE", 2)
    sizes: list[int] = []

    def score(pairs: Pairs) -> dict[str, np.ndarray]:
        sizes.append(len(pairs.gt.image))
        return {"first": pairs.sr.image[:, 0, 0, 0].astype(np.float64)}

    table, set_metrics = run(small_run, {"first": OfPairs(score)})
    assert sizes == [2, 1]
    assert table["first"].tolist() == [small_run.sr_images[key][0, 0, 0] for key in KEYS]
    assert set_metrics == {}


def test_one_image_has_no_frechet_distance(
    shard_row: Any, small_run: Any, resources: Resources, tmp_path: Path
) -> None:
    shard = tmp_path / "single.parquet"
    row = shard_row("00001", "0", part="test") | {
        "gt_image": encode_png(small_run.gt_images[KEYS[0]])
    }
    write_shard([row], shard, {})
    small_run.shards, small_run.restored = [shard], [small_run.restore(KEYS[:1])]
    table, set_metrics = run(small_run, load(["mobilenetv2_fd"], resources))
    assert len(table) == 1
    assert np.isnan(set_metrics["mobilenetv2_fd"])


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
    monkeypatch.setattr(inception, "load_inception", lambda *_: FakeInception())
    _, set_metrics = run(small_run, load(["fid"], resources))
    sr, gt = (
        FakeInception()(to_unit(np.stack([images[key] for key in KEYS])).float())[0][:, :, 0, 0]
        for images in (small_run.sr_images, small_run.gt_images)
    )
    assert set_metrics["fid"] == pytest.approx(frechet_distance(sr, gt), rel=1e-6)
    assert set_metrics["kid"] == pytest.approx(kernel_distance(sr, gt), rel=1e-6)


def test_what_is_known_of_the_truth_is_not_asked_again(
    small_run: Any, resources: Resources, tmp_path: Path
) -> None:
    """The truth is asked once for all methods; the scores are the same as if asked each time."""
    scorers = load(["ids_sface", "acc_gender_embedded"], resources)
    wanted, _ = run(small_run, scorers)
    truth, rows = {}, read_truth(small_run.shards)
    counting: dict[str, OfImages] = {}
    seen: dict[str, int] = {}
    for name, scorer in scorers.items():
        assert isinstance(scorer, OfImages)
        found = extract_features(scorer, truth_batches(rows, 2), len(rows))
        write_features(tmp_path / f"{name}.parquet", rows, found)
        truth[name] = read_features(tmp_path / f"{name}.parquet", rows)
        counting[name] = count_images(name, scorer, seen)
    found_again, _ = run(small_run, counting, truth)
    pd.testing.assert_frame_equal(found_again, wanted, rtol=1e-6)
    assert seen == {"sface": 3, "attributes": 3}  # the restored ones


def count_images(name: str, scorer: OfImages, seen: dict[str, int]) -> OfImages:
    """Count the images that a network is asked of."""

    def extract(batch: Any) -> Any:
        seen[name] = seen.get(name, 0) + len(batch.image)
        return scorer.extract(batch)

    return OfImages(extract, scorer.compare)
