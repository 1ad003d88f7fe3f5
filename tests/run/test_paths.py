"""Names of files that follow from a run's settings alone."""

import dataclasses
from pathlib import Path

from idfsr.config.dataset import DatasetConfig
from idfsr.config.landmarks import LandmarksConfig
from idfsr.config.pretrain import PretrainConfig
from idfsr.config.shards import ShardsConfig
from idfsr.run import paths
from idfsr.run.config import Config

CONFIG = Config(
    run="r",
    methods=("bicubic", "dr2"),
    shards=ShardsConfig(scale_factors=(4, 32)),
    landmarks=LandmarksConfig(images_per_shard=10),
)


def test_a_run_renders_its_images_or_has_them() -> None:
    assert paths.images_root(CONFIG) == "results/r/synthref/CelebHQRefForRelease"
    assert paths.made_images(CONFIG) == ["results/r/synthref/CelebHQRefForRelease"]
    own = Config(dataset=DatasetConfig(kind="folder", root="photographs"))
    assert paths.images_root(own) == "photographs"
    assert paths.made_images(own) == []


def test_landmark_shards_hold_all_usable_images() -> None:
    assert [len(paths.landmark_shards(CONFIG, count)) for count in (0, 1, 10, 11)] == [1, 1, 1, 2]
    assert paths.landmark_shards(CONFIG, 11)[1] == "results/r/landmarks/shard-00001.parquet"


def test_files_of_each_scale_and_method() -> None:
    pattern = "{run}/x{scale_factor}/{method}"
    assert paths.of_each_method(CONFIG, pattern, 4) == ["r/x4/bicubic", "r/x4/dr2"]
    assert paths.of_each_scale_and_method(CONFIG, pattern) == [
        "r/x4/bicubic", "r/x4/dr2", "r/x32/bicubic", "r/x32/dr2"
    ]  # fmt: skip


def test_figures_stand_in_the_order_of_the_report() -> None:
    names = [path.removeprefix("results/r/figures/") for path in paths.figures(CONFIG)]
    assert names[:3] == ["grid-x4.png", "grid-x32.png", "metrics.png"]
    assert names[-1] == "pretrain-curve.png"
    own = dataclasses.replace(CONFIG, methods=("bicubic", "idfsr-pt"))
    assert {"fig1.png", "fig3.png", "fig4.png"} == {
        Path(path).name for path in set(paths.figures(own)) - set(paths.figures(CONFIG))
    }


def test_faces_of_each_scale() -> None:
    assert paths.faces(CONFIG) == ["results/r/report/faces/x4", "results/r/report/faces/x32"]


def test_a_run_that_pretrains_nothing_has_no_curve_of_it() -> None:
    untrained = dataclasses.replace(CONFIG, pretrain=PretrainConfig(num_images=0))
    assert paths.figures(untrained) == paths.figures(CONFIG)[:-1]


def test_what_a_method_is_given() -> None:
    assert paths.restore_settings(CONFIG, "dr2") == "results/r/config/restore-dr2.json"
    assert paths.restore_settings(CONFIG, "bicubic") == "results/r/config/restore-bicubic.json"
    assert paths.pretrained_model(CONFIG, "dr2") == []
    assert paths.pretrained_model(CONFIG, "idfsr-pt") == ["results/r/pretrain/model.safetensors"]
    assert paths.of_the_fit("idfsr-pt", "a") == []
    assert paths.of_the_fit("idfsr-ft", "a") == ["a"]
