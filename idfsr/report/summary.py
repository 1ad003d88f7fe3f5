"""The metrics of one set of images as a few lines of text, for a terminal."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from idfsr.metrics.registry import Metric
from idfsr.report.intervals import mean_interval
from idfsr.report.layout import metric_columns


def summarise(
    rows: pd.DataFrame,
    of_the_set: Mapping[str, float | None],
    metrics: Sequence[Metric],
    num_bootstrap: int,
) -> str:
    """Print the mean of each metric with its 95 % interval over identities.

    Args:
        rows: A row an image: identity, and the columns of the metrics.
        of_the_set: Metrics of kind "set" by name; None where there were too few images.
        metrics: In the order of the lines.
        num_bootstrap: Resamples behind an interval.
    """
    identities = rows["identity"].tolist()
    lines = []
    for metric, column in zip(
        metrics, metric_columns([metric.name for metric in metrics]), strict=True
    ):
        if metric.kind == "set":
            value, ends = of_the_set[metric.name], ""
            text = "too few images" if value is None else column.text(value)
        else:
            found = mean_interval(rows[metric.name].to_numpy(), identities, num_bootstrap)
            text = column.text(found.mean)
            known = not math.isnan(found.lo)
            ends = f"[{column.text(found.lo)}, {column.text(found.hi)}]" if known else ""
        lines.append({"metric": column.heading, "mean": text, "95 % interval": ends})
    table = pd.DataFrame(lines)
    table["metric"] = table["metric"].str.ljust(table["metric"].str.len().max())
    counts = f"{len(rows)} images of {len(set(identities))} identities"
    return f"{counts}\n{table.to_string(index=False, justify='left')}"
