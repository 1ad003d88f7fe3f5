"""What each method takes for one image: parameters, operations, seconds and memory."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from idfsr.errors import IdfsrError
from idfsr.io.texts import read_json
from idfsr.report.layout import method_colours, method_label
from idfsr.report.style import figure_style

COLUMNS: Final = {
    "num_parameters": ("Parameters (million)", 1e6),
    "macs": ("MACs (billion)", 1e9),
    "seconds": ("Seconds an image", 1.0),
    "memory_mb": ("Peak memory (MB)", 1.0),
}
"""Quantity to its title and to what it is divided by."""

KEYS: Final = ("method", "scale_factor", "image_size", "device", *COLUMNS)
"""What a file of `idfsr costs` has."""


def read_costs(paths: Sequence[Path]) -> pd.DataFrame:
    """Read the files of `idfsr costs`, a row each.

    Raises:
        IdfsrError: One is missing, was damaged or is something else.
    """
    rows = []
    for path in paths:
        row = read_json(path, "the cost of a method as JSON")
        if missing := [name for name in KEYS if name not in row]:
            message = f"{path}: found no {missing[0]}, wanted the cost of a method"
            raise IdfsrError(message)
        rows.append(row)
    return pd.DataFrame(rows)


def _draw(axes: Axes, table: pd.DataFrame, quantity: str) -> None:
    title, unit = COLUMNS[quantity]
    values = table[quantity] / unit
    colours = method_colours(table["method"].tolist())
    largest = float(values.max())
    for place, (method, value) in enumerate(zip(table["method"], values, strict=True)):
        axes.barh(place, value, color=colours[method], height=0.65)
        axes.text(value + 0.02 * largest, place, f"{value:,.3g}", va="center", fontsize=7.5)
    axes.set_xlim(0, 1.3 * largest if largest else 1)
    axes.set_yticks(range(len(table)), map(method_label, table["method"]))
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.set_title(title)


def draw_costs(table: pd.DataFrame) -> Figure:
    """Draw bars, a panel for each quantity.

    Args:
        table: Of `read_costs`.
    """
    with figure_style():
        size = (10.4, 0.7 + 0.3 * len(table))
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(1, len(COLUMNS), sharey=True)
        for axes, quantity in zip(panels, COLUMNS, strict=True):
            _draw(axes, table, quantity)
    return figure
