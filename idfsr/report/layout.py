"""Tables as the paper prints them: methods as rows, scale factors as groups of columns.

A `Layout` holds the text of each cell and its rank; `idfsr.report.markup` and the page's template
turn it into Markdown, LaTeX and HTML.
"""

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd

from idfsr.methods.engine.registry import find_method, is_method
from idfsr.metrics.engine.registry import find_metrics
from idfsr.report.tables import records

ARROWS = {"higher": "↑", "lower": "↓"}
TIMES = "\N{MULTIPLICATION SIGN}"
NOT_COMPUTED = "\N{EN DASH}"

PALETTE = (
    "#8c8c8c", "#cc3311", "#33a6d6", "#aa4499", "#999933", "#ee3377", "#7768c4", "#b07f3f",
    "#4f9d69", "#c77cb0",
)  # fmt: skip
"""Of the methods that have no colour of their own, after Tol (2021), whose schemes keep apart for
the colour-blind; of a lightness that white and black paper bear. A name always stands beside it."""

Rank = Literal["", "best", "second"]


@dataclass(frozen=True)
class Column:
    """A metric in print."""

    key: str
    """Column of the table with its value."""
    title: str
    unit: str
    """"share" is printed as per cent."""
    direction: Literal["higher", "lower"]
    decimals: int
    spread_key: str = ""
    """Column with its standard deviation; empty if none is printed."""
    marks: str = ""
    """Of `idfsr.run.leaks`, those that hold for every method."""

    @property
    def metric(self) -> str:
        """Name of the metric."""
        return self.key.removesuffix("_mean")

    @property
    def heading(self) -> str:
        """Title, unit and the direction that is better."""
        unit = {"": "", "share": " (%)"}.get(self.unit, f" ({self.unit})")
        return f"{self.title}{unit} {ARROWS[self.direction]}{self.marks}"

    def text(self, value: float) -> str:
        """Print a value of the metric."""
        if math.isnan(value):
            return NOT_COMPUTED
        if self.unit == "share":
            return f"{100 * value:.{self.decimals - 2}f}"
        return f"{value:.{self.decimals}f}"


@dataclass(frozen=True)
class Cell:
    """One number in print."""

    text: str
    interval: str
    """"[lo, hi]", or empty."""
    rank: Rank


@dataclass(frozen=True)
class Row:
    """One method."""

    label: str
    groups: tuple[tuple[Cell, ...], ...]
    """The cells of each scale factor."""


@dataclass(frozen=True)
class Layout:
    """A table in print."""

    columns: tuple[Column, ...]
    """Of each group."""
    scale_factors: tuple[int, ...]
    """A group of columns for each."""
    rows: tuple[Row, ...]


def method_label(method: str) -> str:
    """Return a method's name in print; one that is not installed keeps its own."""
    return find_method(method).label if is_method(method) else method


def method_colours(methods: Sequence[str]) -> dict[str, str]:
    """Give each method a colour, "#rrggbb": its own, or the next of `PALETTE`."""
    named = {method: find_method(method).colour for method in methods if is_method(method)}
    free = itertools.cycle(PALETTE)
    return {method: named.get(method) or next(free) for method in methods}


def scale_label(scale_factor: int) -> str:
    """Return a scale factor in print."""
    return f"{TIMES}{scale_factor}"


def metric_columns(names: Sequence[str]) -> tuple[Column, ...]:
    """Return the printed columns of metrics."""
    return tuple(
        Column(
            key=f"{metric.name}_mean" if metric.spread else metric.name,
            title=metric.title,
            unit=metric.unit,
            direction=metric.direction,
            decimals=metric.decimals,
            spread_key=f"{metric.name}_std" if metric.spread else "",
        )
        for metric in find_metrics(names)
    )


def rank_values(texts: Sequence[str], direction: Literal["higher", "lower"]) -> list[Rank]:
    """Find the best and the second best of printed numbers; equal print has equal rank.

    Args:
        texts: Numbers, or `NOT_COMPUTED`, which has no rank.
        direction: Which is better.

    Returns:
        All empty where there are no two different numbers.
    """
    numbers = {float(text) for text in texts if text != NOT_COMPUTED}
    if len(numbers) < 2:  # noqa: PLR2004 (nothing to compare)
        return [""] * len(texts)
    best, second = sorted(numbers, reverse=direction == "higher")[:2]
    ranks: dict[float, Rank] = {best: "best", second: "second"}
    return ["" if text == NOT_COMPUTED else ranks.get(float(text), "") for text in texts]


def _interval(column: Column, row: dict[str, Any]) -> str:
    lo, hi = (float(row.get(f"{column.key}_{end}", math.nan)) for end in ("lo", "hi"))
    if math.isnan(lo) or math.isnan(hi):
        return ""
    return f"[{column.text(lo)}, {column.text(hi)}]"


def _column_cells(
    column: Column, rows: list[dict[str, Any] | None], marks: Sequence[str]
) -> list[Cell]:
    """Print one metric at one scale factor; None stands for a method that was not run there."""
    values = [math.nan if row is None else float(row[column.key]) for row in rows]
    texts = [column.text(value) for value in values]
    cells = []
    ranks = rank_values(texts, column.direction)
    for row, text, rank, mark in zip(rows, texts, ranks, marks, strict=True):
        spread = math.nan
        if row is not None and column.spread_key:
            spread = float(row[column.spread_key])
        shown = text if math.isnan(spread) else f"{text} ± {column.text(spread)}"
        marked = shown if text == NOT_COMPUTED else f"{shown}{mark}"
        cells.append(Cell(marked, "" if row is None else _interval(column, row), rank))
    return cells


def _share_marks(
    columns: Sequence[Column], methods: Sequence[str], marks: Mapping[tuple[str, str], str]
) -> tuple[list[Column], list[list[str]]]:
    """Put marks that hold for every method into the heading; return those of each method left."""
    marked, left = [], []
    for column in columns:
        own = [marks.get((method, column.metric), "") for method in methods]
        common = (
            "".join(mark for mark in own[0] if all(mark in text for text in own)) if own else ""
        )
        marked.append(dataclasses.replace(column, marks=common))
        left.append(["".join(mark for mark in text if mark not in common) for text in own])
    return marked, left


def lay_out(
    table: pd.DataFrame,
    columns: Sequence[Column],
    marks: Mapping[tuple[str, str], str] = MappingProxyType({}),
) -> Layout:
    """Bring a table with a row for each method and scale factor into the paper's form.

    Args:
        table: As `build_table` makes it; methods come in the order of their first rows.
        columns: Metrics to print.
        marks: Of the value of a method and metric, e.g. "†"; the paper's own tables have none.
    """
    methods = list(dict.fromkeys(table["method"]))
    columns, own_marks = _share_marks(columns, methods, marks)
    scale_factors = sorted(set(table["scale_factor"]))
    found = {(row["method"], row["scale_factor"]): row for row in records(table)}
    groups = []
    for scale_factor in scale_factors:
        rows = [found.get((method, scale_factor)) for method in methods]
        cells = [
            _column_cells(column, rows, left)
            for column, left in zip(columns, own_marks, strict=True)
        ]
        groups.append(list(zip(*cells, strict=True)))
    return Layout(
        columns=tuple(columns),
        scale_factors=tuple(map(int, scale_factors)),
        rows=tuple(
            Row(method_label(method), tuple(group[number] for group in groups))
            for number, method in enumerate(methods)
        ),
    )
