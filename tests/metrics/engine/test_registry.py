import dataclasses
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from idfsr.config.metrics import MetricsConfig
from idfsr.config.weights import WeightsConfig
from idfsr.errors import IdfsrError
from idfsr.io.assets import ASSETS
from idfsr.io.provenance import PACKAGE_DIR, module_closure, module_path
from idfsr.io.weights_list import read_manifest
from idfsr.metrics.clipiqa import network as clipiqa
from idfsr.metrics.engine import deepface
from idfsr.metrics.engine.deepface_family import NUM_FACES
from idfsr.metrics.engine.metric import Family
from idfsr.metrics.engine.registry import (
    all_families,
    all_metrics,
    drop_missing,
    find_families,
    find_family,
    find_metrics,
)
from idfsr.metrics.inception import network as inception
from idfsr.metrics.lpips import network as lpips
from idfsr.metrics.musiq import network as musiq
from idfsr.run.config import load_config

SETTINGS = (MetricsConfig(), load_config(Path("config/celebref-hq.yaml")).metrics)


def test_directions() -> None:
    lower = {name for name, metric in all_metrics().items() if metric.direction == "lower"}
    assert lower == {
        "lpips", "fid", "kid", "dinov2_fd", "cmmd", "mobilenetv2_distance", "mobilenetv2_fd",
        "brisque", "ids", "ids_sface", "ids_adaface", "ids_arcface", "age_diff",
        "age_diff_embedded",
    }  # fmt: skip


def test_families_that_look_at_aligned_faces_say_so() -> None:
    named = {name for name, family in all_families().items() if family.of_faces}
    readers = {
        name
        for name in all_families()
        for module in module_closure(f"idfsr.metrics.{name}")
        if "batch.crop" in (module_path(module) or Path()).read_text()
    }
    assert named == readers == {"adaface", "arcface", "attributes", "sface"}


def test_the_shipped_settings_name_every_metric_and_the_order_is_theirs() -> None:
    names = [
        name
        for settings in SETTINGS
        for name in (*settings.table1, *settings.table2, *settings.recognisers)
    ]
    assert set(names) == set(all_metrics())
    for settings in SETTINGS:
        backwards = (*settings.table1[::-1], *settings.table1)
        assert [metric.name for metric in find_metrics(backwards)] == list(settings.table1[::-1])


def test_the_embedded_metrics_do_not_claim_to_be_others() -> None:
    names = (*SETTINGS[0].table1, *SETTINGS[0].table2)
    text = " ".join(f"{metric.name} {metric.title}".lower() for metric in find_metrics(names))
    assert not [name for name in ("lpips", "fid", "clip", "musiq", "deepface") if name in text]
    families = find_families(names).values()
    assert not any(family.weights.startswith("published.") for family in families)


def test_the_list_of_weights_names_the_same_metrics() -> None:
    wanted = {
        metric.name: family.weights.removeprefix("published.")
        for family in all_families().values()
        for metric in family.metrics
        if family.weights.startswith("published.")
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


@pytest.mark.parametrize("family", all_families().values(), ids=all_families())
def test_each_family_is_complete(family: Family) -> None:
    place, _, name = family.weights.partition(".")
    fields = {field.name for field in dataclasses.fields(WeightsConfig)}
    places = {"assets": set(ASSETS), "weights": fields, "published": set(read_manifest())}
    assert name in (places | {"": {""}})[place]
    of_metrics = {field.name for field in dataclasses.fields(MetricsConfig)}
    assert {field.name for field in dataclasses.fields(family.settings)} <= of_metrics
    assert family.metrics
    for metric in family.metrics:
        low, high = metric.value_range
        assert low < high
        assert (metric.columns == ()) == (metric.kind == "set")
        assert metric.columns[:1] in ((), (metric.name,))


def test_a_column_is_shared_only_by_what_the_detector_found() -> None:
    columns = [column for metric in all_metrics().values() for column in metric.columns]
    shared = {column for column in columns if columns.count(column) > 1}
    assert shared == set(NUM_FACES)


def test_what_is_unknown_is_named() -> None:
    with pytest.raises(IdfsrError, match=r"metrics: found niqe, wanted some of .*, psnr, psnr_y,"):
        find_metrics(["psnr", "niqe"])
    with pytest.raises(IdfsrError, match=r"family: found fid, wanted one of .*, inception, lpips,"):
        find_family("fid")


def test_families_of_metrics_each_once() -> None:
    assert list(find_families(["ssim_y", "fid", "ssim", "kid"])) == ["inception", "ssim"]


def test_metrics_whose_weights_are_not_there_are_left_out_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / read_manifest()["inception"].path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        names, missing = drop_missing(all_metrics(), tmp_path)
    assert {"psnr", "fid", "kid", "ids_sface"} < set(names)
    assert set(missing) == {
        "lpips", "dinov2_fd", "cmmd", "clipiqa", "musiq", "ids", "idv", "ids_adaface",
        "acc_gender", "acc_emotion", "acc_race", "age_diff",
    }  # fmt: skip
    assert len(caplog.records) == len(missing)
    assert f"ids: not computed, its column stays empty: no {tmp_path}/.deepface" in caplog.text


def test_the_whole_registry_is_read_without_the_heavy_libraries() -> None:
    code = (
        "import sys, idfsr.metrics.engine.registry as registry; registry.all_families();"
        "sys.exit(', '.join({'torch', 'cv2', 'pandas', 'deepface'} & set(sys.modules)) or 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr


NEW_METRIC = '''"""Largest difference of two images."""

import numpy as np

from idfsr.metrics.engine.metric import Family, Metric, OfPairs, Pairs


def score(pairs: Pairs) -> dict[str, np.ndarray]:
    difference = np.abs(pairs.sr.image.astype(np.float64) - pairs.gt.image)
    return {"largest": difference.max(axis=(1, 2, 3))}


FAMILY = Family(
    (
        Metric(
            "largest", "Largest difference", "levels", 1, "lower", (0.0, 255.0), "pair",
            "Largest difference: of any pixel and colour.",
        ),
    ),
    lambda _: OfPairs(score),
)
'''

USE_IT = """
import sys
from pathlib import Path
import numpy as np
import pandas as pd
from idfsr.config.metrics import MetricsConfig
from idfsr.metrics.engine.join import join_scores
from idfsr.metrics.engine.metric import ImageBatch, Pairs, Resources
from idfsr.metrics.engine.registry import find_family
from idfsr.metrics.engine.score_table import make_scores, write_scores
from idfsr.metrics.engine.scoring import score_pairs
from idfsr.report.footnotes import describe
from idfsr.report.layout import metric_columns
from idfsr.report.tables import Measurements, build_table
from idfsr.run.families import family_stage

folder = Path(sys.argv[1])
rows = pd.DataFrame({"identity": ["a", "b"], "image": ["0", "0"], "method": "bicubic",
                     "scale_factor": 8, "model_digest": "none"})
crop = np.zeros((2, 112, 112, 3), np.uint8)
sr, gt = (np.full((2, 8, 8, 3), value, np.uint8) for value in (7, 3))
pairs = Pairs(ImageBatch(sr, crop), ImageBatch(gt, crop))
for name in ("largest", "psnr"):
    scorer = find_family(name).load(None)
    scores = score_pairs({name: scorer}, iter([pairs]), 2, {})[name]
    table = make_scores(rows, scores.columns, scores.of_the_set)
    write_scores([table], folder / f"{name}.parquet")
paths = [folder / "largest.parquet", folder / "psnr.parquet"]
joined, _ = join_scores(paths, ["psnr", "largest"], [], 8)
print(*joined.columns, joined["largest"].tolist(), sep=",")
table = build_table(Measurements(joined, {}), ["psnr", "largest"], ["bicubic"], 10)
print(table["largest"].tolist(), metric_columns(["largest"])[0].heading)
print(*describe(["largest"], MetricsConfig()), family_stage("largest"))
"""


def test_a_new_metric_is_one_new_file(tmp_path: Path) -> None:
    """In a copy of the package nothing but the metric's file is added, and its column is there."""
    shutil.copytree(PACKAGE_DIR, tmp_path / "idfsr", ignore=shutil.ignore_patterns("weights"))
    (tmp_path / "idfsr" / "metrics" / "largest.py").write_text(NEW_METRIC)
    result = subprocess.run(
        [sys.executable, "-c", USE_IT, str(tmp_path)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [
        "identity,image,method,scale_factor,psnr,largest,model_digest,[4.0, 4.0]",
        "[4.0] Largest difference (levels) ↓",
        "Largest difference: of any pixel and colour. scores",
    ]
