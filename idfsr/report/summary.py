"""The metrics of one set of images as a few lines of text, for a terminal."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from idfsr.config.metrics import MetricsConfig
from idfsr.metrics.engine.metric import Metric
from idfsr.report.footnotes import describe
from idfsr.report.intervals import mean_interval
from idfsr.report.layout import metric_columns


def summarise(
    rows: pd.DataFrame,
    of_the_set: Mapping[str, float],
    metrics: Sequence[Metric],
    config: MetricsConfig,
) -> str:
    """Print the mean of each metric with its 95 % interval over identities, and what it is.

    Args:
        rows: A row an image: identity, and the columns of the metrics.
        of_the_set: Metrics of kind "set" by name; NaN or left out where not computed.
        metrics: In the order of the lines.
        config: With which they were computed.
    """
    identities = rows["identity"].tolist()
    lines = []
    for metric, column in zip(
        metrics, metric_columns([metric.name for metric in metrics]), strict=True
    ):
        if metric.kind == "set":
            value, ends = of_the_set.get(metric.name, math.nan), ""
            text = column.text(value)
            if math.isnan(value) and len(rows) == 1:
                text = "too few images"
        else:
            found = mean_interval(rows[metric.name].to_numpy(), identities, config.num_bootstrap)
            text = column.text(found.mean)
            known = not math.isnan(found.lo)
            ends = f"[{column.text(found.lo)}, {column.text(found.hi)}]" if known else ""
        lines.append({"metric": column.heading, "mean": text, "95 % interval": ends})
    table = pd.DataFrame(lines)
    table["metric"] = table["metric"].str.ljust(table["metric"].str.len().max())
    counts = f"{len(rows)} images of {len(set(identities))} identities"
    without = [
        f"no face in {(rows[name] == 0).sum()} of {len(rows)} {images}, says DeepFace"
        for name, images in (("gt_num_faces", "ground truths"), ("sr_num_faces", "restored images"))
        if name in rows
    ]
    notes = describe([metric.name for metric in metrics], config)
    return "\n".join([counts, table.to_string(index=False, justify="left"), *without, "", *notes])
