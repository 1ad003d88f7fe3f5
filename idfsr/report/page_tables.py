"""The page's tables of numbers: one for each scale factor, with methods as rows."""

import csv
import dataclasses
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from idfsr.config.metrics import MetricsConfig
from idfsr.metrics.engine.registry import find_metrics
from idfsr.report.footnotes import describe
from idfsr.report.layout import (
    NOT_COMPUTED,
    Column,
    Layout,
    Rank,
    Row,
    method_colours,
    method_label,
    metric_columns,
    scale_label,
)
from idfsr.report.leaks import Marks
from idfsr.report.markup import PrintedTable, latex_table, markdown_table
from idfsr.report.tables import FITTED, records

ALPHA = 0.05
"""Differences with a larger corrected p value are not distinguished."""

Verdict = Literal["better", "worse", "open"]


@dataclass(frozen=True)
class Heading:
    """Over a column of numbers."""

    text: str
    meaning: str
    """What the metric is, and which way is better."""


@dataclass(frozen=True)
class Number:
    """A cell."""

    text: str
    interval: str
    """"[lo, hi]", or empty."""
    order: str
    """The value with all its digits, by which the column is sorted; empty if there is none."""
    rank: Rank = ""
    verdict: Verdict | Literal[""] = ""
    """Of a difference."""
    alike: bool = False
    """Whether the fitted model is not distinguishable from this method."""
    paper: str = ""
    """The paper's number, and what ours is away from it; empty where it has none."""


@dataclass(frozen=True)
class NumberRow:
    """A method."""

    method: str
    label: str
    colour: str
    cells: list[Number]


@dataclass(frozen=True)
class NumberTable:
    """A table on the page."""

    anchor: str
    title: str
    caption: str
    headings: list[Heading]
    rows: list[NumberRow]
    copies: dict[str, str]
    """The table as text: name of the format -> text."""


def judge(difference: float, p_holm: float, direction: Literal["higher", "lower"]) -> Verdict:
    """Say whether a difference a minus b favours a, if its corrected p value tells them apart."""
    if math.isnan(p_holm) or p_holm >= ALPHA:
        return "open"
    return "better" if (difference > 0) == (direction == "higher") else "worse"


def print_difference(column: Column, difference: float) -> str:
    """Print a difference with its sign, e.g. "+1.50"; zero has none."""
    text = column.text(difference)
    if text == NOT_COMPUTED or float(text) == 0:
        return text.removeprefix("-")
    return text.replace("-", "\N{MINUS SIGN}") if difference < 0 else f"+{text}"


def print_interval(column: Column, lo: float, hi: float) -> str:
    """Print an interval of differences, with whole minus signs."""
    return f"[{column.text(lo)}, {column.text(hi)}]".replace("-", "\N{MINUS SIGN}")


def _print_interval(column: Column, row: dict[str, Any]) -> str:
    lo, hi = float(row["lo"]), float(row["hi"])
    return "" if math.isnan(lo) else print_interval(column, lo, hi)


def explain(columns: Sequence[Column], config: MetricsConfig) -> list[Heading]:
    """Return the headings of metrics with what they mean."""
    headings = []
    for column in columns:
        (note,) = describe([column.metric], config)
        way = f"{column.direction.capitalize()} is better."
        headings.append(Heading(column.heading, f"{way} {note}"))
    return headings


def _of_one_scale(layout: Layout, number: int) -> Layout:
    rows = tuple(Row(row.label, (row.groups[number],)) for row in layout.rows)
    return dataclasses.replace(layout, scale_factors=(layout.scale_factors[number],), rows=rows)


def _as_csv(layout: Layout) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["Method", *(column.heading for column in layout.columns)])
    for row in layout.rows:
        writer.writerow([row.label, *(cell.text for cell in row.groups[0])])
    return text.getvalue()


def _print_paper(column: Column, value: float, paper: dict[str, Any] | None) -> str:
    """Print the paper's number and how far ours is from it."""
    printed = math.nan if paper is None else float(paper.get(column.metric, math.nan))
    if math.isnan(printed) or math.isnan(value):
        return ""
    return f"{column.text(printed)} ({print_difference(column, value - printed)})"


@dataclass(frozen=True)
class RunNumbers:
    """What the tables of a run are made of, as `idfsr tables` writes it."""

    table1: pd.DataFrame
    table2: pd.DataFrame
    paired: pd.DataFrame
    paper: dict[int, pd.DataFrame]
    """Of `idfsr.report.paper.read_paper`."""
    config: MetricsConfig
    marks: Marks

    @property
    def methods(self) -> list[str]:
        """In the order of the rows."""
        return list(dict.fromkeys(self.table1["method"]))

    def pairs(self, scale_factor: int) -> dict[tuple[str, str], dict[str, Any]]:
        """Return the differences of the fitted model: (method, metric) -> row."""
        rows = records(self.paired[self.paired["scale_factor"] == scale_factor])
        return {(row["method_b"], row["metric"]): row for row in rows}


def lay_out_scale(
    numbers: RunNumbers, printed: PrintedTable, number: int, scale_factor: int
) -> NumberTable:
    """Bring one table of the paper into the page's form, for one scale factor.

    Args:
        numbers: Of the run.
        printed: The table in print, all scale factors.
        number: 1 or 2, of the paper's table.
        scale_factor: One of the run's.
    """
    source = numbers.table1 if number == 1 else numbers.table2
    found = {row["method"]: row for row in records(source[source["scale_factor"] == scale_factor])}
    paper_rows = records(numbers.paper[number])
    paper = {row["method"]: row for row in paper_rows if row["scale_factor"] == scale_factor}
    layout = _of_one_scale(printed.layout, printed.layout.scale_factors.index(scale_factor))
    colours, pairs = method_colours(numbers.methods), numbers.pairs(scale_factor)
    rows = []
    for method, row in zip(numbers.methods, layout.rows, strict=True):
        cells = []
        for column, cell in zip(layout.columns, row.groups[0], strict=True):
            value = float(found[method][column.key]) if method in found else math.nan
            pair = pairs.get((method, column.metric))
            cells.append(
                Number(
                    text=cell.text,
                    interval=cell.interval,
                    order="" if math.isnan(value) else repr(value),
                    rank=cell.rank,
                    alike=pair is not None and pair["p_holm"] >= ALPHA,
                    paper=_print_paper(column, value, paper.get(method)),
                )
            )
        rows.append(NumberRow(method, row.label, colours[method], cells))
    scale = scale_label(scale_factor)
    alone = PrintedTable(f"{printed.title}, {scale}", printed.caption, layout)
    return NumberTable(
        anchor=f"table{number}-x{scale_factor}",
        title=alone.title,
        caption=alone.caption,
        headings=explain(layout.columns, numbers.config),
        rows=rows,
        copies={
            "CSV": _as_csv(layout),
            "Markdown": "\n".join(markdown_table(alone)) + "\n",
            "LaTeX": "\n".join(latex_table(alone)) + "\n",
        },
    )


def lay_out_differences(numbers: RunNumbers) -> Iterator[NumberTable]:
    """Bring the differences of the fitted model into a table for each scale factor.

    Yields:
        A row for each other method, a column for each metric of single images.
    """
    colours = method_colours(numbers.methods)
    for scale_factor in sorted(set(numbers.paired["scale_factor"])):
        pairs = numbers.pairs(scale_factor)
        names = list(dict.fromkeys(name for _, name in pairs))
        columns = metric_columns(names)
        rows = []
        for method in dict.fromkeys(method for method, _ in pairs):
            cells = []
            for name, column in zip(names, columns, strict=True):
                pair = pairs[method, name]
                difference = float(pair["difference"])
                cells.append(
                    Number(
                        text=print_difference(column, difference),
                        interval=_print_interval(column, pair),
                        order="" if math.isnan(difference) else repr(difference),
                        verdict=judge(
                            difference, pair["p_holm"], find_metrics([name])[0].direction
                        ),
                    )
                )
            label = f"minus {method_label(method)}"
            rows.append(NumberRow(method, label, colours.get(method, ""), cells))
        yield NumberTable(
            anchor=f"differences-x{scale_factor}",
            title=f"{method_label(FITTED)} minus each other method, {scale_label(scale_factor)}",
            caption="",
            headings=explain(columns, numbers.config),
            rows=rows,
            copies={},
        )
