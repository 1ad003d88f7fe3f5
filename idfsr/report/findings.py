"""The headline of the report: how near the restored faces come to the person."""

import math
from dataclasses import dataclass
from typing import Any

from idfsr.methods.engine.registry import find_method, is_method
from idfsr.report.layout import Column, method_colours, method_label, metric_columns, scale_label
from idfsr.report.page_tables import RunNumbers, Verdict, judge, print_difference, print_interval
from idfsr.report.tables import FITTED, identity_metric, records

PRETRAINED = "idfsr-pt"


@dataclass(frozen=True)
class Comparison:
    """The fitted model against one other method."""

    against: str
    value: str
    """Of the other."""
    difference: str
    interval: str
    verdict: Verdict


@dataclass(frozen=True)
class Dot:
    """A method in the plot; places are shares of its width."""

    label: str
    colour: str
    text: str
    at: float
    lo: float
    hi: float


@dataclass(frozen=True)
class Finding:
    """What one scale factor says."""

    scale: str
    scale_factor: int
    metric: str
    label: str
    value: str
    """Of the fitted model, or the best method where there is none."""
    interval: str
    comparisons: list[Comparison]
    dots: list[Dot]


def is_ours(method: str) -> bool:
    """Whether a method restores with the run's own network."""
    return is_method(method) and "model" in find_method(method).run_files


def _compare(
    pair: dict[str, Any] | None, column: Column, against: str, value: float
) -> Comparison | None:
    if pair is None or math.isnan(pair["difference"]):
        return None
    known = not math.isnan(pair["lo"])
    return Comparison(
        against=against,
        value=column.text(value),
        difference=print_difference(column, pair["difference"]),
        interval=print_interval(column, pair["lo"], pair["hi"]) if known else "",
        verdict=judge(pair["difference"], pair["p_holm"], column.direction),
    )


def _place_dots(column: Column, rows: list[dict[str, Any]], colours: dict[str, str]) -> list[Dot]:
    """Place the methods of one scale on a line from the least to the largest end."""
    ends = [
        (row, float(row[column.key]), float(row.get(f"{column.key}_lo", math.nan)),
         float(row.get(f"{column.key}_hi", math.nan)))
        for row in rows
        if not math.isnan(row[column.key])
    ]  # fmt: skip
    values = [value for _, *three in ends for value in three if not math.isnan(value)]
    least, width = min(values), (max(values) - min(values)) or 1.0

    def place(value: float, otherwise: float) -> float:
        return round(((otherwise if math.isnan(value) else value) - least) / width, 4)

    return [
        Dot(
            label=method_label(row["method"]),
            colour=colours[row["method"]],
            text=column.text(value),
            at=place(value, value),
            lo=place(lo, value),
            hi=place(hi, value),
        )
        for row, value, lo, hi in ends
    ]


def find_headline(numbers: RunNumbers) -> list[Finding]:
    """Say for each scale factor how far the restored faces are from the person.

    Returns:
        Nothing where no distance to the person was computed.
    """
    table = numbers.table1
    name = identity_metric(table)
    if not name:
        return []
    (column,) = metric_columns([name])
    colours = method_colours(numbers.methods)
    findings = []
    for scale_factor in sorted(set(table["scale_factor"])):
        rows = records(table[(table["scale_factor"] == scale_factor) & table[name].notna()])
        if not rows:
            continue
        by_method = {row["method"]: row for row in rows}
        best = min(rows, key=lambda row: float(row[name]))
        chosen = by_method.get(FITTED, best)
        others = [row for row in rows if not is_ours(row["method"])]
        against = [(method_label(PRETRAINED), by_method.get(PRETRAINED))]
        if others:
            other = min(others, key=lambda row: float(row[name]))
            against.append((f"the best other, {method_label(other['method'])}", other))
        pairs = numbers.pairs(scale_factor)
        comparisons = [
            _compare(pairs.get((row["method"], name)), column, label, float(row[name]))
            for label, row in against
            if row is not None
        ]
        lo, hi = (float(chosen.get(f"{name}_{end}", math.nan)) for end in ("lo", "hi"))
        findings.append(
            Finding(
                scale=scale_label(scale_factor),
                scale_factor=int(scale_factor),
                metric=column.title,
                label=method_label(chosen["method"]),
                value=column.text(float(chosen[name])),
                interval="" if math.isnan(lo) else f"[{column.text(lo)}, {column.text(hi)}]",
                comparisons=[found for found in comparisons if found is not None],
                dots=_place_dots(column, rows, colours),
            )
        )
    return findings
