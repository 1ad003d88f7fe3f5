import math

import pandas as pd
import pytest

from idfsr.report.layout import (
    Column,
    lay_out,
    method_label,
    metric_columns,
    rank_values,
    scale_label,
)

PSNR = Column("psnr", "PSNR", "dB", "higher", 2)
SHARE = Column("idv", "IDV", "share", "higher", 3)
AGE = Column("age_mean", "Age", "years", "lower", 1, "age_std")


@pytest.mark.parametrize(
    ("texts", "direction", "ranks"),
    [
        (["1.0", "3.0", "2.0"], "higher", ["", "best", "second"]),
        (["1.0", "3.0", "2.0"], "lower", ["best", "", "second"]),
        (["9.0", "10.0"], "higher", ["second", "best"]),
        (["3.0", "3.0", "2.0"], "higher", ["best", "best", "second"]),
        (["3.0", "2.0", "2.0"], "higher", ["best", "second", "second"]),
        (["3.0", "\N{EN DASH}", "2.0"], "higher", ["best", "", "second"]),
        (["3.0", "3.0"], "higher", ["", ""]),
        (["3.0", "\N{EN DASH}"], "higher", ["", ""]),
        (["-1.0", "1.0"], "lower", ["best", "second"]),
    ],
)
def test_ranks(texts: list[str], direction: str, ranks: list[str]) -> None:
    assert rank_values(texts, direction) == ranks


def test_numbers_in_print() -> None:
    assert PSNR.text(24.125) == "24.12"
    assert SHARE.text(0.8956) == "89.6"
    assert SHARE.text(math.nan) == "\N{EN DASH}"
    assert PSNR.heading == "PSNR (dB) ↑"
    assert SHARE.heading == "IDV (%) ↑"
    assert AGE.heading == "Age (years) ↓"


def test_names_in_print() -> None:
    assert scale_label(16) == "\N{MULTIPLICATION SIGN}16"
    assert method_label("difface") == "DifFace"
    assert method_label("mine") == "mine"


def test_methods_are_rows_and_scales_are_groups() -> None:
    table = pd.DataFrame(
        {
            "method": ["b", "a", "b"],
            "scale_factor": [8, 8, 16],
            "psnr": [20.0, 22.0, 19.0],
            "psnr_lo": [19.0, math.nan, 18.0],
            "psnr_hi": [21.0, math.nan, 20.0],
            "age_mean": [5.04, 4.0, 6.0],
            "age_std": [1.0, 2.0, 3.0],
        }
    )
    layout = lay_out(table, [PSNR, AGE])
    assert layout.scale_factors == (8, 16)
    assert [row.label for row in layout.rows] == ["b", "a"]
    first, age = layout.rows[0].groups[0]
    assert (first.text, first.interval, first.rank) == ("20.00", "[19.00, 21.00]", "second")
    assert (age.text, age.interval, age.rank) == ("5.0 ± 1.0", "", "second")
    assert layout.rows[1].groups[0][0].interval == ""
    absent = layout.rows[1].groups[1][0]
    assert (absent.text, absent.interval, absent.rank) == ("\N{EN DASH}", "", "")


def test_marks_of_all_methods_stand_in_the_heading() -> None:
    table = pd.DataFrame({"method": ["a", "b"], "scale_factor": 8, "psnr": [20.0, 22.0]})
    marks = {("a", "psnr"): "‡§", ("b", "psnr"): "§"}
    layout = lay_out(table, [PSNR], marks)
    assert layout.columns[0].heading == f"{PSNR.heading}§"
    assert [row.groups[0][0].text for row in layout.rows] == ["20.00‡", "22.00"]
    assert [row.groups[0][0].rank for row in layout.rows] == ["second", "best"]


def test_columns_of_metrics() -> None:
    age, psnr = metric_columns(("age_diff_embedded", "psnr"))
    assert (psnr.key, psnr.spread_key, psnr.decimals) == ("psnr", "", 2)
    assert (age.key, age.spread_key, age.direction) == (
        "age_diff_embedded_mean",
        "age_diff_embedded_std",
        "lower",
    )
