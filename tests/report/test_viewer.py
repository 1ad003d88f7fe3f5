import json
from pathlib import Path
from typing import Any

import pytest

from idfsr.report.page import PageInputs
from idfsr.report.viewer import ImageSource, image_columns, read_scores, view_data

NAMES = ("psnr", "brisque", "ids_sface", "mobilenetv2_fd", "idv_sface")


@pytest.fixture
def data(made_run: tuple[Path, PageInputs]) -> dict[str, Any]:
    inputs = made_run[1]
    scores = read_scores(inputs.metrics, NAMES)
    source = ImageSource(inputs.facts.parent, embed=False)
    return view_data(inputs.faces, scores, image_columns(NAMES), "ids_sface", source)


def test_metrics_that_images_have(data: dict[str, Any]) -> None:
    assert [metric["name"] for metric in data["metrics"]] == ["psnr", "ids_sface"]
    assert [metric["higher"] for metric in data["metrics"]] == [True, False]
    assert data["first"] == 1
    assert json.loads(json.dumps(data, allow_nan=False)) == data


def test_scores_stand_in_the_order_of_the_tiles(data: dict[str, Any]) -> None:
    scale = data["scales"][1]
    assert (scale["factor"], scale["size"]) == (16, 64)
    kinds = [tile["kind"] for tile in scale["tiles"]]
    assert kinds == ["input"] * 3 + ["method"] * 4 + ["truth"]
    image = scale["images"][1]
    assert (image["person"], image["image"]) == ("ann", "t1")
    assert image["src"] == "faces/x16/00001.webp"
    assert image["scores"] == [[18.9, 19.9, 20.9, 21.9], [0.91, 0.71, 0.51, 0.31]]


def test_image_without_a_score_has_none(made_run: tuple[Path, PageInputs]) -> None:
    inputs = made_run[1]
    scores = read_scores(inputs.metrics[:1], NAMES)
    source = ImageSource(inputs.facts.parent, embed=False)
    data = view_data(inputs.faces, scores, image_columns(NAMES), "psnr", source)
    assert data["scales"][0]["images"][0]["scores"][0] == [20, None, None, None]


def test_shares_are_per_cent(made_run: tuple[Path, PageInputs]) -> None:
    scores = {(8, "ann", "t0", "bicubic"): {"idv_sface": 1.0}}
    source = ImageSource(Path(), embed=False)
    data = view_data(made_run[1].faces[:1], scores, image_columns(NAMES), "", source)
    assert [(m["name"], m["factor"], m["decimals"]) for m in data["metrics"]] == [
        ("idv_sface", 100, 1)
    ]
