"""Every metric of the tables at a glance: a point for each method with its 95 % interval."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from idfsr.report.layout import Column, method_colours, method_label, scale_label
from idfsr.report.leaks import Marks
from idfsr.report.style import QUIET, figure_style

MARKERS = ("o", "s", "D", "^")
"""Of the scale factors, the smallest first."""

NUM_COLUMNS = 3
MAX_HEADING = 26
"""Characters of a heading that fit over a panel."""


def _draw_panel(
    axes: Axes, table: pd.DataFrame, column: Column, methods: list[str], marks: Marks
) -> None:
    scale_factors, colours = sorted(set(table["scale_factor"])), method_colours(methods)
    factor = 100 if column.unit == "share" else 1
    for number, scale_factor in enumerate(scale_factors):
        offset = (number - (len(scale_factors) - 1) / 2) * 0.3
        rows = table[table["scale_factor"] == scale_factor].set_index("method")
        for place, method in enumerate(methods):
            if method not in rows.index or math.isnan(rows.loc[method, column.key]):
                continue
            row = rows.loc[method]
            value = factor * row[column.key]
            ends = [factor * row.get(f"{column.key}_{end}", np.nan) for end in ("lo", "hi")]
            colour = colours[method]
            axes.plot(ends, [place + offset] * 2, color=colour, linewidth=1.6, alpha=0.65)
            axes.plot(
                value, place + offset, color=colour, marker=MARKERS[number], markersize=5.5,
                markeredgecolor="white", markeredgewidth=0.6,
            )  # fmt: skip
    axes.set_yticks(range(len(methods)), map(method_label, methods))
    for place, method in enumerate(methods):
        axes.annotate(
            marks.get((method, column.metric), ""), (1, place), xycoords=axes.get_yaxis_transform(),
            xytext=(2, 0), textcoords="offset points", va="center", fontsize=8, color=QUIET,
        )  # fmt: skip
    axes.set_ylim(len(methods) - 0.45, -0.55)
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.1)
    heading = column.heading
    axes.set_title(heading, fontsize=9.5 if len(heading) <= MAX_HEADING else 8)


def draw_metric_plots(
    tables: list[tuple[pd.DataFrame, tuple[Column, ...]]], marks: Marks
) -> Figure:
    """Draw a panel for each metric that could be computed.

    Args:
        tables: Tables as `build_table` makes them, each with the columns to draw.
        marks: Of the values; they stand at the right end of a method's line.
    """
    panels = [
        (table, column)
        for table, columns in tables
        for column in columns
        if table[column.key].notna().any()
    ]
    methods = list(dict.fromkeys(tables[0][0]["method"]))
    scale_factors = sorted(set(tables[0][0]["scale_factor"]))
    num_rows = -(-len(panels) // NUM_COLUMNS)
    with figure_style():
        height = num_rows * (0.75 + 0.3 * len(methods)) + 0.35
        figure = Figure(figsize=(9.6, height), layout="constrained")
        grid = figure.subplots(num_rows, NUM_COLUMNS, squeeze=False)
        for axes, (table, column) in zip(grid.flat, panels, strict=False):
            _draw_panel(axes, table, column, methods, marks)
        for number, axes in enumerate(grid.flat):
            axes.set_visible(number < len(panels))
            if number % NUM_COLUMNS:
                axes.tick_params(labelleft=False)
        handles = [
            Line2D(
                [], [], color=QUIET, marker=marker, linewidth=1.6, label=scale_label(scale_factor)
            )
            for marker, scale_factor in zip(MARKERS, scale_factors, strict=False)
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


METRICS_TITLE = "All metrics"
METRICS_CAPTION = (
    "Means over the test images with their 95 % intervals over identities. Arrows point to the "
    "better side. Methods whose intervals overlap can still differ: the paired differences decide."
)
