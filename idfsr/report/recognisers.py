"""The distance to the person by several recognisers, and how far these agree on the methods.

One network may favour what it was made with. Kendall's tau (1938), in the form b that knows ties,
compares the orders into which two recognisers bring the methods: 1 is the same order, -1 the
reverse, 0 no relation.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from idfsr.metrics.engine.registry import find_metrics
from idfsr.report.layout import NOT_COMPUTED, method_label, metric_columns, scale_label
from idfsr.report.tables import Measurements, groups_of, records

COLUMNS = ["scale_factor", "recogniser", "method", "num_images", "distance"]

TAU = "tau "
"""Begins the column of the agreement with another recogniser, before its name."""

MIN_METHODS = 2


@dataclass(frozen=True)
class Recognisers:
    """The page's table of one scale factor."""

    scale: str
    titles: list[str]
    """Of the recognisers."""
    rows: list[tuple[str, list[str]]]
    """Label of each method, and its distances."""
    agreement: list[tuple[str, list[str]]]
    """With each recogniser, of each."""


def agreement(a: Sequence[float], b: Sequence[float]) -> float:
    """Return Kendall's tau of the values that two recognisers give the same methods.

    Args:
        a: A value for each method; NaN where there is none.
        b: Likewise.

    Returns:
        NaN of fewer than two methods, or where one of the two tells none apart.
    """
    pairs = np.array([a, b], np.float64)
    pairs = pairs[:, ~np.isnan(pairs).any(axis=0)]
    if pairs.shape[1] < MIN_METHODS or any(len(np.unique(row)) == 1 for row in pairs):
        return math.nan
    return float(kendalltau(*pairs).statistic)


def compare_recognisers(
    measurements: Measurements, names: Sequence[str], methods: Sequence[str]
) -> pd.DataFrame:
    """Aggregate the distances of recognisers: a row for each scale factor, recogniser and method.

    Args:
        measurements: Of the run.
        names: Distances.
        methods: In the order of the rows.

    Returns:
        `COLUMNS`, the distance being the mean over images; and for each recogniser a column "tau
        <name>", how far its ranking of the methods agrees with that of the row's.
    """
    known = [metric.name for metric in find_metrics(names) if metric.name in measurements.images]
    rows = [
        (scale_factor, name, method, int(images[name].notna().sum()), images[name].mean())
        for name in known
        for scale_factor, method, images in groups_of(measurements.images, methods)
    ]
    table = pd.DataFrame(rows, columns=COLUMNS).sort_values("scale_factor", kind="stable")
    means = table.pivot_table("distance", ["scale_factor", "recogniser"], "method", dropna=False)
    taus = {
        (scale_factor, a, b): agreement(
            means.loc[scale_factor, a].to_list(), means.loc[scale_factor, b].to_list()
        )
        for scale_factor in sorted(set(table["scale_factor"]))
        for a, b in itertools.product(known, known)
    }
    for other in known:
        keys = zip(table["scale_factor"], table["recogniser"], strict=True)
        table[f"{TAU}{other}"] = [taus[scale_factor, own, other] for scale_factor, own in keys]
    return table.reset_index(drop=True)


def lay_out_recognisers(
    table: pd.DataFrame, methods: Sequence[str], marks: Mapping[tuple[str, str], str]
) -> list[Recognisers]:
    """Bring the table of `compare_recognisers` into print, a table for each scale factor.

    Args:
        table: As it was written.
        methods: In the order of the rows.
        marks: Of the values, see `idfsr.run.leaks`.

    Returns:
        Nothing where there are no two recognisers to compare.
    """
    names = list(dict.fromkeys(table["recogniser"]))
    if len(names) < 2:  # noqa: PLR2004 (nothing to compare)
        return []
    columns = metric_columns(names)
    laid_out = []
    for scale_factor in sorted(set(table["scale_factor"])):
        rows = records(table[table["scale_factor"] == scale_factor])
        of = {(row["method"], row["recogniser"]): row for row in rows}
        first = {row["recogniser"]: row for row in reversed(rows)}
        present = [method for method in methods if any((method, name) in of for name in names)]
        laid_out.append(
            Recognisers(
                scale=scale_label(scale_factor),
                titles=[column.title for column in columns],
                rows=[
                    (
                        method_label(method),
                        [
                            f"{column.text(of[method, column.metric]['distance'])}"
                            f"{marks.get((method, column.metric), '')}"
                            for column in columns
                        ],
                    )
                    for method in present
                ],
                agreement=[
                    (
                        f"Kendall's tau with {other.title}",
                        [
                            _print(first[column.metric][f"{TAU}{other.metric}"])
                            for column in columns
                        ],
                    )
                    for other in columns
                ],
            )
        )
    return laid_out


def _print(tau: float) -> str:
    return NOT_COMPUTED if math.isnan(tau) else f"{tau:+.2f}"
