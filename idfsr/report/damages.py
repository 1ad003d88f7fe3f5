"""How PSNR and identity fall with scale, blur, noise and JPEG: curves with their intervals."""

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from idfsr.report.intervals import mean_interval
from idfsr.report.layout import TIMES, method_colours, method_label
from idfsr.report.style import figure_style

KINDS: Final = {
    "scale": ("Times smaller", f"{TIMES}{{:.0f}}"),
    "blur": ("Blur, low-resolution pixels", "{:g}"),
    "noise": ("Noise, grey levels", "{:.0f}"),
    "jpeg": ("Quality of JPEG", "{:.0f}"),
}
"""Kind of damage to the name of its axis, and how a level is printed."""
MEASURES: Final = {"psnr": "PSNR (dB) ↑", "ids_sface": "IDS (SFace) ↓"}
COLUMNS: Final = (
    "identity", "damage", "level", "scale_factor", "method", "lr_detected", *MEASURES,
)  # fmt: skip
"""Of the table of `idfsr damages`, without the images."""
NUM_BOOTSTRAP: Final = 2000


def summarise_damages(table: pd.DataFrame) -> pd.DataFrame:
    """Return the means of each method under each damage.

    Args:
        table: Of `idfsr damages`.

    Returns:
        damage, level, scale_factor, method, `quantity` (psnr or ids_sface), mean, lo and hi of its
        95 % interval over people, num_people, num_detected: images in which the face was found.
    """
    keys = ["damage", "level", "scale_factor", "method"]
    rows = []
    for where, own in table.groupby(keys, sort=False):
        for quantity in MEASURES:
            values = own[quantity].to_numpy(np.float64)
            found = mean_interval(values, own["identity"].tolist(), NUM_BOOTSTRAP)
            rows.append(
                dict(zip(keys, where, strict=True))
                | {
                    "quantity": quantity, "mean": found.mean, "lo": found.lo, "hi": found.hi,
                    "num_people": found.num_identities,
                    "num_detected": int(own["lr_detected"].sum()),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def _draw(axes: Axes, rows: pd.DataFrame, methods: list[str]) -> None:
    colours = method_colours(methods)
    levels = list(dict.fromkeys(rows["level"]))
    for method in methods:
        own = rows[rows["method"] == method].set_index("level").loc[levels]
        places = range(len(levels))
        axes.plot(
            places, own["mean"], color=colours[method], marker="o", markersize=4,
            linewidth=1.8, label=method_label(method),
        )  # fmt: skip
        axes.fill_between(
            places, own["lo"], own["hi"], color=colours[method], alpha=0.15, linewidth=0
        )


def draw_damages(summary: pd.DataFrame) -> Figure:
    """Draw a column for each kind of damage, PSNR above identity.

    Args:
        summary: Of `summarise_damages`.
    """
    kinds = [kind for kind in KINDS if kind in set(summary["damage"])]
    methods = list(dict.fromkeys(summary["method"]))
    with figure_style():
        figure = Figure(figsize=(2.6 * len(kinds), 5.2), layout="constrained")
        grid = figure.subplots(len(MEASURES), len(kinds), sharey="row", squeeze=False)
        for row, (quantity, title) in enumerate(MEASURES.items()):
            for column, kind in enumerate(kinds):
                axes, (name, form) = grid[row, column], KINDS[kind]
                rows = summary[(summary["damage"] == kind) & (summary["quantity"] == quantity)]
                _draw(axes, rows, methods)
                levels = list(dict.fromkeys(rows["level"]))
                texts = [
                    "none" if kind != "scale" and level == 0 else form.format(level)
                    for level in levels
                ]
                axes.set_xticks(range(len(levels)), texts)
                if row == len(MEASURES) - 1:
                    axes.set_xlabel(name)
            grid[row, 0].set_title(title)
        handles, labels = grid[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure
