"""Whether a method copies the photographs that it was given, as recognisers see it.

The copy-paste score is how much more alike the restored image is to the nearest of its references
than the ground truth is, which is what two real photographs of the person have. A method that
pastes the reference in has a high score; one that knows nothing of the person has one below zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from idfsr.metrics.engine.metric import Metric, likeness_columns
from idfsr.metrics.engine.registry import find_metrics
from idfsr.report.intervals import mean_interval
from idfsr.report.layout import method_label, scale_label
from idfsr.report.tables import Measurements, groups_of, records

COLUMNS = [
    "recogniser", "scale_factor", "method", "num_images", "num_identities", "like_truth",
    "like_reference", "like_photographs", "copy_paste", "copy_paste_lo", "copy_paste_hi",
]  # fmt: skip


@dataclass(frozen=True)
class Copying:
    """A row of the page's table."""

    recogniser: str
    scale: str
    label: str
    like_truth: str
    like_reference: str
    like_photographs: str
    copy_paste: str
    interval: str
    verdict: str
    """Whether the method copies, in a word, as far as people's resamples tell."""


def distances_with_references(names: Sequence[str]) -> list[Metric]:
    """Return those of some metrics that are distances of a recogniser that saw the references."""
    return [
        metric for metric in find_metrics(names) if metric.details == likeness_columns(metric.name)
    ]


def measure_copying(
    measurements: Measurements, names: Sequence[str], methods: Sequence[str], num_bootstrap: int
) -> pd.DataFrame:
    """Aggregate the likenesses: a row for each recogniser, scale factor and method.

    Args:
        measurements: Of the run.
        names: Distances of the run's recognisers.
        methods: In the order of the rows.
        num_bootstrap: Resamples behind an interval.

    Returns:
        `COLUMNS`: means of cosines over the images that have a reference, and the copy-paste score
        with its 95 % interval over identities; no row where a run has no recogniser.
    """
    rows = []
    for metric in distances_with_references(names):
        of_reference, of_photographs = likeness_columns(metric.name)
        if of_reference not in measurements.images:
            continue
        for scale_factor, method, images in groups_of(measurements.images, methods):
            known = images[images[of_reference].notna()]
            if known.empty:
                continue
            excess = known[of_reference] - known[of_photographs]
            found = mean_interval(
                excess.to_numpy(np.float64), known["identity"].tolist(), num_bootstrap
            )
            means = (
                1 - known[metric.name].mean(),
                known[of_reference].mean(),
                known[of_photographs].mean(),
            )
            rows.append(
                (metric.title, scale_factor, method, len(known), found.num_identities, *means,
                 found.mean, found.lo, found.hi)
            )  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def lay_out_copying(copying: pd.DataFrame) -> list[Copying]:
    """Bring the table of `measure_copying` into print."""
    return [
        Copying(
            recogniser=row["recogniser"],
            scale=scale_label(row["scale_factor"]),
            label=method_label(row["method"]),
            like_truth=f"{row['like_truth']:.3f}",
            like_reference=f"{row['like_reference']:.3f}",
            like_photographs=f"{row['like_photographs']:.3f}",
            copy_paste=f"{row['copy_paste']:+.3f}",
            interval=f"[{row['copy_paste_lo']:+.3f}, {row['copy_paste_hi']:+.3f}]"
            if row["num_identities"] > 1
            else "",
            verdict="copies" if row["copy_paste_lo"] > 0 else "",
        )
        for row in records(copying)
    ]
