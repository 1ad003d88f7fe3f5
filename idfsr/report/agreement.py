"""What a run says against what the paper says, point by point, disagreements first.

A point is a direction: that the fit improves a metric, that the fitted model is better than the
best of the other methods, that a condition carries what the paper says. Values of other people and
of other networks are no point. Where a run lacks a metric of the paper, its stand-in is asked.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import pandas as pd

from idfsr.constants import OWN_METHODS
from idfsr.metrics.engine.registry import all_metrics
from idfsr.report.conditions import Claim
from idfsr.report.layout import Column, method_label, metric_columns, scale_label
from idfsr.report.page_tables import RunNumbers, judge, print_difference, print_interval
from idfsr.report.paper import COLUMNS
from idfsr.report.tables import FITTED, records

PRETRAINED: Final = "idfsr-pt"
STAND_INS: Final = {
    "lpips": "mobilenetv2_distance", "ids": "ids_sface", "idv": "idv_sface",
    "acc_gender": "acc_gender_embedded", "acc_emotion": "acc_expression_embedded",
    "age_diff": "age_diff_embedded",
}  # fmt: skip
"""The paper's metric to that which stands in for it."""

Verdict = Literal["disagrees", "open", "agrees"]
ORDER: Final[tuple[Verdict, ...]] = ("disagrees", "open", "agrees")


@dataclass(frozen=True)
class Point:
    """One thing that the paper says."""

    text: str
    paper: str
    """Its number; empty where it says it in words."""
    ours: str
    verdict: Verdict
    """Open where the interval or the corrected p value leaves both directions."""


def _measured(metric: str, paired: pd.DataFrame) -> str:
    """Return the paper's metric if a run has it, else its stand-in; "" if neither."""
    known = set(paired["metric"])
    return next((name for name in (metric, STAND_INS.get(metric, "")) if name in known), "")


def _share(difference: float, value: float) -> str:
    if not value:
        return ""
    return f" ({100 * difference / value:+.0f}\N{NO-BREAK SPACE}%)".replace("-", "\N{MINUS SIGN}")


def _point(
    text: str, paper: tuple[Column, float, float], pair: dict[str, Any], value: float
) -> Point:
    """Compare a difference of the paper with ours.

    Args:
        text: What is compared.
        paper: The metric, the fitted model's value, and the other's.
        pair: Ours, of `compare_pairs`.
        value: Ours, the other's.
    """
    column, fitted, other = paper
    (own,) = metric_columns([pair["metric"]])
    said = fitted - other
    is_better = (said > 0) == (column.direction == "higher")
    found = judge(pair["difference"], pair["p_holm"], all_metrics()[pair["metric"]].direction)
    verdict: Verdict = (
        "open" if found == "open" else "agrees" if (found == "better") == is_better else "disagrees"
    )
    known = not math.isnan(pair["lo"])
    interval = f" {print_interval(own, pair['lo'], pair['hi'])}" if known else ""
    unit = "" if pair["metric"] == column.metric else f"{own.title} "
    return Point(
        text,
        f"{print_difference(column, said)}{_share(said, other)}",
        f"{unit}{print_difference(own, pair['difference'])}{interval}"
        f"{_share(pair['difference'], value)}",
        verdict,
    )


def _best_other(rows: dict[str, dict[str, Any]], key: str, direction: str) -> str:
    """Return the best method that is not our own; "" if there is none."""
    found = {
        method: float(row[key])
        for method, row in rows.items()
        if method not in OWN_METHODS and not math.isnan(float(row.get(key, math.nan)))
    }
    if not found:
        return ""
    return (max if direction == "higher" else min)(found, key=lambda method: found[method])


def _points_of_metric(
    numbers: RunNumbers, table: int, scale_factor: int, column: Column
) -> Iterator[Point]:
    """Yield the fitted model against PT, and against the best other method, in one metric."""
    name = _measured(column.metric, numbers.paired)
    ours = numbers.table1 if table == 1 else numbers.table2
    rows, printed = (
        {row["method"]: row for row in records(found[found["scale_factor"] == scale_factor])}
        for found in (ours, numbers.paper[table])
    )
    if not name or FITTED not in printed:
        return
    (own,) = metric_columns([name])
    pairs, scale = numbers.pairs(scale_factor), scale_label(scale_factor)
    fitted = float(printed[FITTED][column.metric])
    if PRETRAINED in printed and (PRETRAINED, name) in pairs:
        other = float(printed[PRETRAINED][column.metric])
        text = f"{scale}, {column.title}: what the fit changes, {method_label(FITTED)} minus PT"
        value = float(rows[PRETRAINED][own.key])
        yield _point(text, (column, fitted, other), pairs[PRETRAINED, name], value)
    theirs = _best_other(printed, column.metric, column.direction)
    best = _best_other(rows, own.key, own.direction)
    if theirs and (best, name) in pairs:
        other = float(printed[theirs][column.metric])
        text = (
            f"{scale}, {column.title}: {method_label(FITTED)} minus the best other method "
            f"({method_label(theirs)} in the paper, {method_label(best)} here)"
        )
        value = float(rows[best][own.key])
        yield _point(text, (column, fitted, other), pairs[best, name], value)


def compare_with_paper(numbers: RunNumbers, claims: Sequence[Claim]) -> list[Point]:
    """Compare a run with the paper.

    Args:
        numbers: Tables of both.
        claims: Of `check_claims`.

    Returns:
        The points, disagreements first, then what is open; none where the run has no fitted model.
    """
    if numbers.paired.empty:
        return []
    points = [
        point
        for table, columns in COLUMNS.items()
        for scale_factor in sorted(set(numbers.paired["scale_factor"]))
        for column in columns
        for point in _points_of_metric(numbers, table, int(scale_factor), column)
    ]
    verdicts: dict[str, Verdict] = {"Yes:": "agrees", "No:": "disagrees", "Open:": "open"}
    for claim in claims:
        evidence = claim.evidence.replace("-", "\N{MINUS SIGN}")
        points.append(Point(claim.text, "", evidence, verdicts[claim.verdict]))
    return sorted(points, key=lambda point: ORDER.index(point.verdict))
