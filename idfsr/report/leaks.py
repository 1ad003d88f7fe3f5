"""The marks of values that a judge cannot give fairly, from the tables of `idfsr leaks`."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from idfsr.constants import MARKS
from idfsr.report.layout import metric_columns
from idfsr.report.tables import records

Marks = Mapping[tuple[str, str], str]
"""Method and metric to the marks of its value."""


def marks_of(leaks: pd.DataFrame) -> Marks:
    """Return the marks of the table of `idfsr leaks`."""
    return {(row["method"], row["metric"]): row["marks"] for row in records(leaks)}


def add_marks(table: pd.DataFrame, names: Sequence[str], marks: Marks) -> pd.DataFrame:
    """Add a column `leaks` to a table with a row a method, e.g. "ids § psnr ‡"; empty without."""
    texts = [
        " ".join(f"{name} {marks[method, name]}" for name in names if (method, name) in marks)
        for method in table["method"]
    ]
    return table.assign(leaks=texts)


def describe_leaks(names: Sequence[str], marks: Marks) -> list[str]:
    """Return a footnote for each mark that a table of some metrics holds."""
    found = {mark for (_, name), text in marks.items() if name in names for mark in text}
    notes = []
    for mark, text in MARKS.items():
        if mark in found:
            judged = {name for (_, name), own in marks.items() if mark in own}
            titles = ", ".join(
                column.title for column in metric_columns(names) if column.metric in judged
            )
            whole = "" if mark == "‡" else f" ({titles})"
            notes.append(f"{mark} {text[0].upper()}{text[1:]}{whole}.")
    return notes


def lay_out_judges(judges: pd.DataFrame) -> list[dict[str, Any]]:
    """Bring the matrix of networks into print: those that have a role beside being a part first."""
    table = judges.fillna("")
    order = (table["judge"] == "") & (table["condition"] == "") & (table["loss"] == "")
    return records(table.assign(order=order).sort_values("order", kind="stable"))
