import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from idfsr.config.metrics import MetricsConfig
from idfsr.config.weights import WeightsConfig
from idfsr.errors import IdfsrError
from idfsr.io.assets import ASSETS
from idfsr.io.weights_list import read_manifest
from idfsr.metrics.clipiqa import network as clipiqa
from idfsr.metrics.engine import deepface
from idfsr.metrics.engine.comparisons import COMPARISONS
from idfsr.metrics.engine.registry import METRICS, NUM_FACES, find_metrics
from idfsr.metrics.engine.scorers import PAIR_SCORERS
from idfsr.metrics.inception import network as inception
from idfsr.metrics.lpips import network as lpips
from idfsr.metrics.musiq import network as musiq
from idfsr.run.config import load_config


def test_directions() -> None:
    lower = {name for name, metric in METRICS.items() if metric.direction == "lower"}
    assert lower == {
        "lpips", "fid", "kid", "mobilenetv2_distance", "mobilenetv2_fd", "brisque", "ids",
        "ids_sface", "age_diff", "age_diff_embedded",
    }  # fmt: skip


SETTINGS = (MetricsConfig(), load_config(Path("config/celebref-hq.yaml")).metrics)


def test_the_shipped_settings_name_every_metric_and_in_order() -> None:
    names = [name for settings in SETTINGS for name in (*settings.table1, *settings.table2)]
    assert set(names) == set(METRICS)
    for settings in SETTINGS:
        for table in (settings.table1, settings.table2):
            assert [metric.name for metric in find_metrics(table)] == list(table)


def test_the_embedded_metrics_do_not_claim_to_be_others() -> None:
    embedded = find_metrics((*SETTINGS[0].table1, *SETTINGS[0].table2))
    text = " ".join(f"{metric.name} {metric.title}".lower() for metric in embedded)
    assert not [name for name in ("lpips", "fid", "clip", "musiq", "deepface") if name in text]
    assert not any(metric.weights.startswith("published.") for metric in embedded)


def test_the_list_of_weights_names_the_same_metrics() -> None:
    wanted = {
        name: metric.weights.removeprefix("published.")
        for name, metric in METRICS.items()
        if metric.weights.startswith("published.")
    }
    listed = {
        name: file
        for file, entry in read_manifest().items()
        if entry.use == "metrics"
        for name in entry.needed_by
    }
    assert listed == wanted


def test_the_files_are_where_the_list_of_weights_says() -> None:
    paths = {name: str(file.path) for name, file in read_manifest().items()}
    assert paths["alexnet"] == lpips.WEIGHTS
    assert paths["inception"] == inception.WEIGHTS
    assert paths["clip_rn50"] == clipiqa.WEIGHTS
    assert paths["musiq"] == musiq.WEIGHTS
    for name, kind in deepface.KINDS.items():
        assert paths[name] == f"{deepface.FOLDER}/{kind.file}"


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_each_metric_is_complete(metric) -> None:  # noqa: ANN001  parametrised
    low, high = metric.value_range
    assert low < high
    assert (metric.scorer in PAIR_SCORERS) != (metric.scorer in COMPARISONS)
    assert (metric.columns == ()) == (metric.kind == "set")
    assert metric.columns[:1] in ((), (metric.name,))
    place, _, name = metric.weights.partition(".")
    fields = {field.name for field in dataclasses.fields(WeightsConfig)}
    places = {"assets": set(ASSETS), "weights": fields, "published": set(read_manifest())}
    assert name in (places | {"": {""}})[place]


def test_a_column_is_shared_only_by_what_the_detector_found() -> None:
    columns = [column for metric in METRICS.values() for column in metric.columns]
    shared = {column for column in columns if columns.count(column) > 1}
    assert shared == set(NUM_FACES)


def test_an_unknown_metric_is_named() -> None:
    with pytest.raises(IdfsrError, match="found niqe, wanted some of psnr, psnr_y, ssim"):
        find_metrics(["psnr", "niqe"])


def test_light_to_import() -> None:
    code = "import sys, idfsr.metrics.engine.registry; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
