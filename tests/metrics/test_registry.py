import dataclasses
import subprocess
import sys

import pytest

from idfsr.assets import ASSETS
from idfsr.config import MetricsConfig, WeightsConfig
from idfsr.errors import IdfsrError
from idfsr.metrics.registry import METRICS, find_metrics
from idfsr.metrics.scorers import SCORERS


def test_directions() -> None:
    lower = {name for name, metric in METRICS.items() if metric.direction == "lower"}
    assert lower == {
        "mobilenetv2_distance", "mobilenetv2_fd", "brisque", "ids_sface", "age_diff_embedded",
    }  # fmt: skip


def test_the_settings_name_every_metric_once_and_in_order() -> None:
    settings = MetricsConfig()
    assert sorted((*settings.table1, *settings.table2)) == sorted(METRICS)
    assert [metric.name for metric in find_metrics(settings.table2)] == list(settings.table2)


def test_names_do_not_claim_to_be_other_metrics() -> None:
    text = " ".join(f"{metric.name} {metric.title}".lower() for metric in METRICS.values())
    assert not [name for name in ("lpips", "fid", "clip", "musiq", "deepface") if name in text]


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_each_metric_is_complete(metric) -> None:  # noqa: ANN001  parametrised
    low, high = metric.value_range
    assert low < high
    assert metric.scorer in SCORERS
    assert (metric.columns == ()) == (metric.kind == "set")
    assert metric.columns[:1] in ((), (metric.name,))
    place, _, name = metric.weights.partition(".")
    fields = {field.name for field in dataclasses.fields(WeightsConfig)}
    assert name in {"assets": set(ASSETS), "weights": fields, "": {""}}[place]


def test_columns_are_of_one_metric_each() -> None:
    columns = [column for metric in METRICS.values() for column in metric.columns]
    assert len(columns) == len(set(columns))


def test_an_unknown_metric_is_named() -> None:
    with pytest.raises(IdfsrError, match="found lpips, wanted some of psnr, psnr_y, ssim"):
        find_metrics(["psnr", "lpips"])


def test_light_to_import() -> None:
    code = "import sys, idfsr.metrics.registry; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
