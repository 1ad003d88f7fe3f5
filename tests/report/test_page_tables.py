import dataclasses
from typing import Literal

import numpy as np
import pandas as pd
import pytest

from idfsr.config.metrics import MetricsConfig
from idfsr.report.layout import TIMES, metric_columns
from idfsr.report.page import PageInputs, lay_out_tables, read_numbers
from idfsr.report.page_tables import (
    NumberTable,
    RunNumbers,
    judge,
    lay_out_differences,
    print_difference,
)
from idfsr.report.tables import PAIRED_COLUMNS

MINUS = "\N{MINUS SIGN}"
NOTHING = pd.DataFrame({"method": ["bicubic", "idfsr-ft"]})


@pytest.fixture(scope="module")
def tables(made_run: tuple[object, PageInputs]) -> list[NumberTable]:
    """Table 1 and Table 2 at x8, then at x16."""
    return [table for _, found in lay_out_tables(read_numbers(made_run[1])) for table in found]


@pytest.mark.parametrize(
    ("difference", "p_holm", "direction", "verdict"),
    [
        (0.1, 0.01, "higher", "better"),
        (0.1, 0.01, "lower", "worse"),
        (-0.2, 0.049, "lower", "better"),
        (-0.2, 0.05, "lower", "open"),
        (0.1, 1.0, "higher", "open"),
        (0.1, np.nan, "higher", "open"),
    ],
)
def test_verdicts(
    difference: float, p_holm: float, direction: Literal["higher", "lower"], verdict: str
) -> None:
    assert judge(difference, p_holm, direction) == verdict


@pytest.mark.parametrize(
    ("metric", "difference", "text"),
    [
        ("psnr", 1.5, "+1.50"),
        ("psnr", -0.5, f"{MINUS}0.50"),
        ("psnr", -0.001, "0.00"),
        ("idv_sface", 0.125, "+12.5"),
        ("psnr", np.nan, "\N{EN DASH}"),
    ],
)
def test_differences_in_print(metric: str, difference: float, text: str) -> None:
    assert print_difference(metric_columns([metric])[0], difference) == text


def test_differences_stand_by_scale() -> None:
    rows = [
        ("idfsr-ft", "bicubic", 8, "psnr", 3.25, 3.0, 4.0, 9, 0.001, 0.001),
        ("idfsr-ft", "bicubic", 8, "idv_sface", 0.125, np.nan, np.nan, 1, np.nan, np.nan),
        ("idfsr-ft", "bicubic", 16, "psnr", -0.5, -1.0, 0.5, 9, 0.3, 0.3),
    ]
    paired = pd.DataFrame(rows, columns=PAIRED_COLUMNS)
    first, second = lay_out_differences(
        RunNumbers(NOTHING, NOTHING, paired, {}, MetricsConfig(), {})
    )
    assert (first.title[-2:], second.title[-3:]) == (f"{TIMES}8", f"{TIMES}16")
    (row,) = first.rows
    assert row.label == "minus Bicubic"
    assert [cell.text for cell in row.cells] == ["+3.25", "+12.5"]
    assert [cell.interval for cell in row.cells] == ["[3.00, 4.00]", ""]
    assert [cell.verdict for cell in row.cells] == ["better", "open"]
    (cell,) = second.rows[0].cells
    assert (cell.interval, cell.verdict) == (f"[{MINUS}1.00, 0.50]", "open")


def test_one_table_a_scale(tables: list[NumberTable]) -> None:
    assert [table.anchor for table in tables] == [
        "table1-x8", "table2-x8", "table1-x16", "table2-x16",
    ]  # fmt: skip
    first, last = tables[0].rows[0], tables[0].rows[-1]
    assert (first.method, first.cells[0].text, first.cells[0].rank) == ("bicubic", "19.94", "")
    assert (last.method, last.cells[0].text, last.cells[0].rank) == ("idfsr-ft", "22.94", "best")
    assert tables[2].rows[-1].cells[0].text == "21.94"
    assert len({row.colour for row in tables[0].rows}) == 4


def test_paper_stands_beside_ours(tables: list[NumberTable]) -> None:
    cells = {row.method: row.cells[0].paper for row in tables[0].rows}
    assert cells["codeformer"] == f"24.42 ({MINUS}3.48)"
    assert cells["bicubic"] == ""  # which the paper has not


def test_headings_say_what_a_metric_is(tables: list[NumberTable]) -> None:
    psnr, _, identity = tables[0].headings
    assert psnr.meaning.startswith("Higher is better. ")
    assert identity.meaning.startswith("Lower is better. ")
    assert len(identity.meaning) > 40


def test_tables_as_text(tables: list[NumberTable]) -> None:
    csv = tables[0].copies["CSV"].splitlines()
    assert csv[0] == "Method,PSNR (dB) ↑,BRISQUE ↓,IDS (SFace) ↓"
    assert csv[-1].startswith("IDFSR (FT),22.94,")
    assert f"{TIMES}16" not in tables[0].copies["Markdown"]
    assert r"\label{tab:table1x8}" in tables[0].copies["LaTeX"]


def test_alike_where_the_fit_is_not_told_apart(made_run: tuple[object, PageInputs]) -> None:
    numbers = read_numbers(made_run[1])
    paired = numbers.paired.assign(p_holm=0.001)
    paired.loc[(paired["method_b"] == "idfsr-pt") & (paired["metric"] == "psnr"), "p_holm"] = 0.2
    changed = dataclasses.replace(numbers, paired=paired)
    ((_, (table, _)), _) = lay_out_tables(changed)
    alike = {row.method: [cell.alike for cell in row.cells] for row in table.rows}
    assert alike == {
        "bicubic": [False] * 3,
        "codeformer": [False] * 3,
        "idfsr-pt": [True, False, False],
        "idfsr-ft": [False] * 3,
    }
