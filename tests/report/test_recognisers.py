import math

import pandas as pd
import pytest

from idfsr.report.recognisers import COLUMNS, agreement, compare_recognisers, lay_out_recognisers
from idfsr.report.tables import Measurements

METHODS = ("bicubic", "asffnet", "idfsr-ft")
IMAGES = pd.DataFrame(
    {
        "identity": ["a", "b"] * 6,
        "image": "0",
        "method": [method for method in METHODS for _ in range(2)] * 2,
        "scale_factor": [8] * 6 + [16] * 6,
        "model_digest": "",
        "ids_sface": [0.9, 0.9, 0.6, 0.8, 0.5, 0.5] * 2,
        # the same order at x8, one exchange at x16
        "ids_arcface": [0.8, 0.8, 0.7, 0.7, 0.1, 0.1, 0.8, 0.8, 0.1, 0.1, 0.7, 0.7],
    }
)


def test_tau_by_hand() -> None:
    # of the six pairs of four, two are in another order
    assert agreement([1.0, 2.0, 3.0, 4.0], [2.0, 1.0, 4.0, 3.0]) == pytest.approx((4 - 2) / 6)
    assert agreement([1.0, 2.0, 3.0], [3.0, 2.0, 1.0]) == pytest.approx(-1)
    # the method that one of them did not see does not count
    assert agreement([1.0, 2.0, math.nan, 3.0], [1.0, 2.0, 9.0, 3.0]) == pytest.approx(1)
    assert math.isnan(agreement([1.0, math.nan], [1.0, 2.0]))
    assert math.isnan(agreement([1.0, 1.0], [1.0, 2.0]))


def test_one_small_table() -> None:
    names = ["ids_sface", "ids_arcface"]
    table = compare_recognisers(Measurements(IMAGES, {}), names, METHODS)
    assert list(table) == [*COLUMNS, "tau ids_sface", "tau ids_arcface"]
    assert table["scale_factor"].tolist() == [8] * 6 + [16] * 6
    row = table[(table["method"] == "asffnet") & (table["recogniser"] == "ids_sface")].iloc[0]
    assert (row["num_images"], row["distance"]) == (2, pytest.approx(0.7))
    own = table[table["recogniser"] == "ids_sface"]
    assert own["tau ids_sface"].tolist() == pytest.approx([1] * 6)
    assert own["tau ids_arcface"].tolist() == pytest.approx([1] * 3 + [1 / 3] * 3)


def test_print_with_marks() -> None:
    names = ["ids_sface", "ids_arcface"]
    table = compare_recognisers(Measurements(IMAGES, {}), names, METHODS)
    x8, x16 = lay_out_recognisers(table, METHODS, {("idfsr-ft", "ids_arcface"): "†"})
    assert x8.titles == ["IDS (SFace)", "IDS (ArcFace)"]
    assert x8.rows[2] == ("IDFSR (FT)", ["0.5000", "0.1000†"])
    assert x16.agreement[0] == ("Kendall's tau with IDS (SFace)", ["+1.00", "+0.33"])


def test_one_recogniser_alone_has_none_to_agree_with() -> None:
    table = compare_recognisers(Measurements(IMAGES, {}), ["ids_sface"], METHODS)
    assert lay_out_recognisers(table, METHODS, {}) == []
    empty = compare_recognisers(Measurements(IMAGES, {}), ["ids_adaface"], METHODS)
    assert empty.empty
    assert list(empty) == COLUMNS
