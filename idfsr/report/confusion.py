"""Which attribute of the ground truth is taken for which in the restored images."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from idfsr.constants import EXPRESSIONS
from idfsr.errors import IdfsrError
from idfsr.metrics.engine.metric import Metric
from idfsr.metrics.engine.registry import all_metrics
from idfsr.report.layout import method_label, scale_label
from idfsr.report.style import INK, figure_style

MANY: Final = 0.6
"""Share of a row from which its number is written in white."""


def find_attributes(measured: pd.DataFrame) -> list[Metric]:
    """Return the metrics that compare words, with what was seen in either image.

    Raises:
        IdfsrError: There is none.
    """
    found = [
        metric
        for name, metric in all_metrics().items()
        if name.startswith("acc_")
        and name in measured
        and all(column in measured and measured[column].notna().any() for column in metric.details)
    ]
    if not found:
        message = "metrics: found no attribute in words, wanted one, e.g. acc_gender_embedded"
        raise IdfsrError(message)
    return found


def count_confusions(measured: pd.DataFrame, attributes: Sequence[Metric]) -> pd.DataFrame:
    """Count the pairs of what is seen in the ground truth and in the restored image.

    Returns:
        method, scale_factor, attribute, gt, sr, num_images, and `share` of the images whose ground
        truth is seen so: a row for each pair of classes that occur, those of 0 images too.
    """
    rows = []
    for metric in attributes:
        gt, sr = metric.details[:2]
        attribute = metric.name.removeprefix("acc_")
        for (method, factor), own in measured.groupby(["method", "scale_factor"], sort=False):
            counts = pd.crosstab(own[gt], own[sr])
            classes = _order({*map(str, counts.index), *map(str, counts.columns)})
            counts = counts.reindex(index=classes, columns=classes, fill_value=0)
            totals = counts.sum(axis="columns")
            rows += [
                (method, factor, attribute, seen, taken, number,
                 number / totals[seen] if totals[seen] else float("nan"))
                for seen in classes
                for taken, number in counts.loc[seen].items()
            ]  # fmt: skip
    columns = ["method", "scale_factor", "attribute", "gt", "sr", "num_images", "share"]
    return pd.DataFrame(rows, columns=columns)


def _order(classes: set[str]) -> list[str]:
    known = {name: number for number, name in enumerate(EXPRESSIONS)}
    return sorted(classes, key=lambda name: (known.get(name, 0), name))


def _draw(axes: Axes, table: pd.DataFrame) -> None:
    classes = list(dict.fromkeys(table["gt"]))
    shares = table.pivot_table(index="gt", columns="sr", values="share", dropna=False)
    values = shares.reindex(index=classes, columns=classes).to_numpy(np.float64)
    counts = table.pivot_table(index="gt", columns="sr", values="num_images")
    axes.imshow(np.nan_to_num(values), cmap="Blues", vmin=0, vmax=1)
    for row, gt in enumerate(classes):
        for column, sr in enumerate(classes):
            colour = "white" if values[row, column] > MANY else INK
            number = int(counts.loc[gt, sr])
            axes.text(column, row, str(number or ""), ha="center", va="center", color=colour)
    axes.set_xticks(range(len(classes)), classes, rotation=45, ha="right")
    axes.set_yticks(range(len(classes)), classes)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def draw_confusions(table: pd.DataFrame, method: str, attributes: Sequence[Metric]) -> Figure:
    """Draw a row of matrices for each scale factor, a column for each attribute.

    Args:
        table: Of `count_confusions`.
        method: Whose images.
        attributes: Of the columns.
    """
    own = table[table["method"] == method]
    factors = sorted(set(own["scale_factor"]))
    with figure_style():
        size = (3.6 * len(attributes) + 0.4, 3.5 * len(factors))
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(len(factors), len(attributes), squeeze=False)
        for row, factor in enumerate(factors):
            for axes, metric in zip(grid[row], attributes, strict=True):
                name = metric.name.removeprefix("acc_")
                shown = own[(own["scale_factor"] == factor) & (own["attribute"] == name)]
                _draw(axes, shown)
                axes.set_title(f"{name.split('_')[0].capitalize()}, {scale_label(factor)}")
                axes.set_xlabel(f"seen in {method_label(method)}")
                axes.set_ylabel("seen in the ground truth")
    return figure
