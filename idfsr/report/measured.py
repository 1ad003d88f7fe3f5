"""What the metrics of a run say of single images, for the figures that print or plot it."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from idfsr.errors import IdfsrError
from idfsr.io.schemas import KEY
from idfsr.io.tables import read_table
from idfsr.metrics.engine.metric import Metric
from idfsr.metrics.engine.registry import all_metrics
from idfsr.report.tables import identity_metric


def read_measured(paths: Sequence[Path]) -> pd.DataFrame:
    """Read the metrics of single images: a row for each image, scale factor and method."""
    return pd.concat([read_table(path) for path in paths], ignore_index=True)


def shown_metric(measured: pd.DataFrame) -> Metric:
    """Return the metric that the figures show: the identity distance of a run.

    A run whose recognisers lack their weights has none; its first other metric stands in.

    Raises:
        IdfsrError: No metric of single images was measured.
    """
    known = all_metrics()
    for name in (identity_metric(measured), *map(str, measured)):
        if name in known and measured[name].notna().any():
            return known[name]
    message = "metrics: found no metric of single images, wanted one in metrics.table1"
    raise IdfsrError(message)


def numbers_of(measured: pd.DataFrame) -> pd.DataFrame:
    """Return the metrics with the keys of their images, without what the networks saw in them."""
    keys = [*KEY, "scale_factor", "method"]
    names = measured.select_dtypes("number").columns.difference(keys, sort=False)
    return measured[[*keys, *names]].dropna(axis="columns", how="all")
