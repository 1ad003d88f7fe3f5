"""How many photographs of a person the fit needs (IDFSR, Fig. 7): three normalised scores."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from idfsr.constants import SCORE_GROUPS
from idfsr.errors import IdfsrError
from idfsr.io.schemas import KEY
from idfsr.io.tables import read_table
from idfsr.metrics.engine.registry import find_metrics
from idfsr.report.intervals import mean_interval
from idfsr.report.layout import method_colours, method_label
from idfsr.report.style import figure_style

NUM_BOOTSTRAP: Final = 2000
SCORED: Final = re.compile(r"/(\d+)/[^/]+/[^/]+\.parquet$")
"""A file of scores: <photographs>/<family>/<method>.parquet."""


def read_scores(paths: Iterable[Path]) -> pd.DataFrame:
    """Join the scores of all numbers of photographs.

    Returns:
        A row for each image, method and number: num_photographs and the columns of all families.

    Raises:
        IdfsrError: A file's name does not say how many photographs.
    """
    parts: dict[tuple[int, str], pd.DataFrame] = {}
    for path in paths:
        named = SCORED.search(path.as_posix())
        if named is None:
            message = f"{path}: found no number, wanted <photographs>/<family>/<method>.parquet"
            raise IdfsrError(message)
        key, table = (int(named[1]), path.stem), read_table(path)
        if key in parts:
            fresh = [name for name in table if name in KEY or name not in parts[key]]
            table = parts[key].merge(table[fresh], on=KEY, validate="one_to_one")
        parts[key] = table
    return pd.concat(
        [table.assign(num_photographs=number) for (number, _), table in parts.items()],
        ignore_index=True,
    )


def read_baseline(paths: Sequence[Path], people: Iterable[str]) -> pd.DataFrame:
    """Read the metrics of a method that sees one photograph, of some people."""
    table = pd.concat([read_table(path) for path in paths], ignore_index=True)
    return table[table["identity"].isin(list(people))].assign(num_photographs=1)


def choose_metrics(table: pd.DataFrame) -> dict[str, list[str]]:
    """Return the metrics of each of `SCORE_GROUPS` that were measured.

    Raises:
        IdfsrError: A group has none.
    """
    found = {
        group: [name for name in names if name in table and table[name].notna().any()]
        for group, names in SCORE_GROUPS.items()
    }
    if empty := [group for group, names in found.items() if not names]:
        message = (
            f"scores: found no metric of {empty[0].lower()}, wanted one of "
            f"{', '.join(SCORE_GROUPS[empty[0]])} in metrics.table1 or metrics.table2"
        )
        raise IdfsrError(message)
    return found


def normalise(table: pd.DataFrame, metrics: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Bring the metrics of each group to one score: 0 is the worst mean of all, 1 the best.

    Args:
        table: A row for each image, method and number of photographs.
        metrics: Of each group.

    Returns:
        Columns method, num_photographs, identity and a score for each group.
    """
    keys = ["method", "num_photographs"]
    scores = table[[*keys, "identity"]].copy()
    for group, names in metrics.items():
        parts = []
        for metric in find_metrics(names):
            sign = 1 if metric.direction == "higher" else -1
            values = sign * table[metric.name].astype(np.float64)
            means = values.groupby([table[key] for key in keys]).mean()
            spread = float(means.max() - means.min())
            parts.append((values - means.min()) / spread if spread else values * 0)
        scores[group] = np.mean(parts, axis=0)
    return scores


def summarise(
    scores: pd.DataFrame, table: pd.DataFrame, metrics: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Return means over images with 95 % intervals over people.

    Returns:
        A row for each method, number of photographs and quantity, which is a group or a metric:
        mean, lo, hi, num_images, num_people.
    """
    quantities = [
        *((group, scores, group) for group in metrics),
        *((name, table, name) for names in metrics.values() for name in names),
    ]
    rows = []
    for quantity, source, column in quantities:
        for (method, number), part in source.groupby(["method", "num_photographs"]):
            values = part[column].to_numpy(np.float64)
            interval = mean_interval(values, list(part["identity"]), NUM_BOOTSTRAP)
            rows.append(
                {
                    "method": method, "num_photographs": number, "quantity": quantity,
                    "mean": interval.mean, "lo": interval.lo, "hi": interval.hi,
                    "num_images": len(values), "num_people": interval.num_identities,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def _plot(axes: Axes, rows: pd.DataFrame) -> None:
    colours = method_colours(list(rows["method"].unique()))
    for method, curve in rows.groupby("method", sort=False):
        colour, ordered = colours[str(method)], curve.sort_values("num_photographs")
        label = method_label(str(method))
        if ordered["num_photographs"].max() == 1:
            axes.axhline(
                ordered["mean"].iloc[0], color=colour, linestyle=(0, (4, 3)), linewidth=1.2,
                label=f"{label}, one photograph",
            )  # fmt: skip
            continue
        numbers = ordered["num_photographs"]
        axes.fill_between(
            numbers, ordered["lo"], ordered["hi"], color=colour, alpha=0.15, linewidth=0
        )
        axes.plot(
            numbers, ordered["mean"], color=colour, marker="o", markersize=4, linewidth=1.6,
            label=label,
        )  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("Photographs of the person")


def draw_curves(summary: pd.DataFrame) -> Figure:
    """Draw a panel for each group, a curve with its band for each method."""
    with figure_style():
        figure = Figure(figsize=(8.6, 3.3), layout="constrained")
        panels = figure.subplots(1, len(SCORE_GROUPS), sharey=True)
        for axes, group in zip(panels, SCORE_GROUPS, strict=True):
            _plot(axes, summary[summary["quantity"] == group])
            axes.set_title(group)
        panels[0].set_ylabel("Normalised, higher is better")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def describe_knee(summary: pd.DataFrame, method: str) -> str:
    """Say from how many photographs on the mean of the groups has nine tenths of its gain."""
    rows = summary[(summary["method"] == method) & summary["quantity"].isin(list(SCORE_GROUPS))]
    curve = rows.groupby("num_photographs")["mean"].mean()
    gain = curve - curve.iloc[0]
    if curve.max() <= curve.iloc[0]:
        return f"{method_label(method)} gains nothing from more than {curve.index[0]} photographs."
    knee = int(gain.index[gain >= 0.9 * gain.max()][0])
    return (
        f"{method_label(method)} has nine tenths of what it gains beyond {curve.index[0]} "
        f"photographs with {knee}."
    )
