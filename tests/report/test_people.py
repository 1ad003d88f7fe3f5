from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from idfsr.io.images import decode_png
from idfsr.report.page import PageInputs
from idfsr.report.people import name_neighbours, thin_out
from idfsr.report.sheets import read_index
from tests.conftest import make_row


def test_index_of_the_people(made_run: tuple[Path, PageInputs]) -> None:
    folder = made_run[1].people
    people = read_index(folder)["people"]
    assert [person["identity"] for person in people] == ["ann", "bob", "cat"]
    ann = people[0]
    assert (ann["num_photographs"], ann["num_shown"]) == (2, 2)
    with Image.open(folder / ann["file"]) as image:
        photographs = np.array(image.convert("RGB"))
    shown = [decode_png(make_row("ann", name, "fit")["gt_image"]) for name in ("r0", "r1")]
    assert np.array_equal(photographs, np.hstack(shown))
    assert set(ann["fits"]) == {"8", "16"}
    fit = ann["fits"]["8"]
    assert fit["num_steps"] == 2
    assert fit["loss"] == [0.7, 0.5]
    assert fit["held_out"] == [[0, 0.5], [2, 0.4]]


def test_an_embedding_is_nearest_to_its_own_photographs(
    made_run: tuple[Path, PageInputs],
) -> None:
    for person in read_index(made_run[1].people)["people"]:
        first, second, _ = person["fits"]["16"]["neighbours"]
        assert first[0] == person["identity"]
        assert first[1] > 0.5 > second[1]


def test_neighbours_by_the_cosine() -> None:
    means = {name: np.zeros(512) for name in "abcd"}
    for number, (name, mean) in enumerate(means.items()):
        mean[number] = 1.0
        assert name
    z_id = np.zeros(512)
    z_id[:3] = 3, 0, 4
    assert name_neighbours(z_id, means) == [
        ("c", pytest.approx(0.8)), ("a", pytest.approx(0.6)), ("b", 0.0),
    ]  # fmt: skip


def test_long_curves_are_thinned_out() -> None:
    assert thin_out([1.0, 3.0, 5.0, 7.0], 2) == [2, 6]
    assert thin_out([1.0, 2.0], 16) == [1, 2]
