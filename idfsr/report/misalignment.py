"""How little the warp matters (IDFSR, Fig. 3): good and bad cases, and all of them in one plot."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from idfsr.io.schemas import KEY
from idfsr.io.shards import read_shard
from idfsr.metrics.engine.metric import Metric
from idfsr.report.grid import read_restored
from idfsr.report.layout import ARROWS, method_colours, method_label, scale_label
from idfsr.report.pictures import decode
from idfsr.report.style import figure_style
from idfsr.report.tables import records
from idfsr.report.tiles import TileSheet
from idfsr.report.warping import choose_cases, read_errors

TILE = 192
NUM_CASES = 6
PLOT = 440
"""Height of the plots, in pixels of the figure."""

BOUNDED = 2.0
"""Errors beyond are drawn at this one, a share of the distance between the eyes."""


@dataclass(frozen=True)
class Case:
    """A test image with its first reference."""

    identity: str
    image: str
    error: float
    pictures: tuple[UInt8[np.ndarray, "S S 3"], ...]
    """Reference, warped, restored, ground truth."""


def read_residuals(shards: Sequence[Path], measured: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Join the residuals of the warps of one scale factor with the identity distances.

    Returns:
        A row for each test image and method: identity, image, scale_factor, method, error, which
        is the mean distance of the warped landmarks from the true ones over that between the eyes,
        well_conditioned, lr_detected, and the metric.
    """
    errors = read_errors(shards)
    joined: pd.DataFrame = measured[[*KEY, "scale_factor", "method", metric]].merge(
        errors, on=[*KEY, "scale_factor"], validate="many_to_one"
    )
    return joined


def read_case(
    shards: Sequence[Path], restored: Sequence[Path], method: str, case: dict[str, Any]
) -> Case:
    """Read the images of one case."""
    identity, image = case["identity"], case["image"]
    rows = {row["image"]: row for row in read_shard(shards, identity=identity).to_pylist()}
    row = rows[image]
    reference = row["references"][0]
    found = read_restored(restored, [row])
    pictures = (
        decode(rows[reference["image"]]["gt_image"]), decode(reference["warped_ref"]),
        found[method, identity, image], decode(row["gt_image"]),
    )  # fmt: skip
    return Case(identity, image, case["error"], pictures)


def choose(residuals: pd.DataFrame, method: str, num_cases: int) -> list[dict[str, Any]]:
    """Return the cases with the largest errors, then those with the smallest."""
    own = residuals[residuals["method"] == method]
    return records(choose_cases(own, num_cases))


def rank_correlation(residuals: pd.DataFrame, metric: str) -> float:
    """Return Spearman's rank correlation of the error with the identity distance."""
    known = residuals.dropna(subset=[metric])
    return float(spearmanr(known["error"], known[metric]).statistic)


def _plot(axes: Axes, residuals: pd.DataFrame, metric: str, methods: Sequence[str]) -> None:
    colours = method_colours(methods)
    for method in methods:
        rows = residuals[residuals["method"] == method].dropna(subset=[metric])
        errors = 100 * rows["error"].clip(upper=BOUNDED)
        colour, label = colours[method], method_label(method)
        axes.scatter(errors, rows[metric], s=14, color=colour, linewidths=0, alpha=0.75)
        ends = np.array([errors.min(), errors.max()])
        if ends[0] < ends[1]:
            label = f"{label}, rank correlation {rank_correlation(rows, metric):+.2f}"
            line = np.polynomial.Polynomial.fit(errors, rows[metric], 1)
            axes.plot(ends, line(ends), color=colour, linewidth=1.6)
        axes.plot([], [], color=colour, marker="o", markersize=3.5, linewidth=1.6, label=label)
    axes.set_xlabel("Residual of the warp, % of the distance of the eyes")
    axes.legend(loc="upper left", fontsize=7.5)
    values = residuals[metric]
    spread = max(float(values.max() - values.min()), 0.1)
    axes.set_ylim(values.min() - 0.08 * spread, values.max() + 0.6 * spread)


def draw_misalignment(
    cases: Sequence[Case], scale_factor: int, residuals: pd.DataFrame, metric: Metric,
    methods: Sequence[str],
) -> Figure:  # fmt: skip
    """Draw a column for each case, and below them a plot for each scale factor.

    Args:
        cases: The largest errors first.
        scale_factor: Of the cases.
        residuals: Of `read_residuals`, of all scale factors.
        metric: Identity distance.
        methods: Points of the plots; the images are restored by the last one.
    """
    names = ("Reference", "Warped", "Restored", "Ground truth")
    num_worst = len(cases) // 2
    factors = sorted(set(residuals["scale_factor"]))
    with figure_style():
        sheet = TileSheet(len(names), len(cases), left=60, top=76, tile=TILE, below=PLOT)
        heads = (
            (0, num_worst - 1, f"Largest residuals, {scale_label(scale_factor)}"),
            (num_worst, len(cases) - 1, f"Smallest residuals, {scale_label(scale_factor)}"),
        )
        for first, last, text in heads:
            if last >= first:
                sheet.name_columns(first, last, text, lines=1)
        for row, name in enumerate(names):
            sheet.name_row(row, name)
        for column, case in enumerate(cases):
            sheet.name_column(column, f"{case.identity}/{case.image}: {100 * case.error:.0f} %")
            for row, picture in enumerate(case.pictures):
                sheet.show(row, column, picture)
        for axes, factor in zip(sheet.add_plots(len(factors)), factors, strict=True):
            rows = residuals[residuals["scale_factor"] == factor]
            _plot(axes, rows, metric.name, methods)
            axes.set_title(f"{metric.title} {ARROWS[metric.direction]}, {scale_label(factor)}")
    return sheet.figure
