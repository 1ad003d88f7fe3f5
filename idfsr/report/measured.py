"""What the metrics of a run say of single images, for the figures that print or plot it."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from idfsr.errors import IdfsrError
from idfsr.io.schemas import KEY
from idfsr.io.tables import read_table
from idfsr.metrics.engine.registry import find_metrics

IDENTITY_METRICS = ("ids", "ids_sface")
"""Identity distances, the paper's first."""


def read_measured(paths: Sequence[Path]) -> pd.DataFrame:
    """Read the metrics of single images: a row for each image, scale factor and method."""
    return pd.concat([read_table(path) for path in paths], ignore_index=True)


def identity_metric(measured: pd.DataFrame) -> str:
    """Return the name of the first of `IDENTITY_METRICS` that was measured.

    Raises:
        IdfsrError: None was.
    """
    for name in IDENTITY_METRICS:
        if name in measured and measured[name].notna().any():
            return name
    message = (
        f"metrics: found none of {', '.join(IDENTITY_METRICS)}, "
        "wanted an identity distance in metrics.table1"
    )
    raise IdfsrError(message)


def metric_title(name: str) -> str:
    """Return a metric's name in print."""
    return find_metrics([name])[0].title


def numbers_of(measured: pd.DataFrame) -> pd.DataFrame:
    """Return the metrics with the keys of their images, without what the networks saw in them."""
    keys = [*KEY, "scale_factor", "method"]
    names = measured.select_dtypes("number").columns.difference(keys, sort=False)
    return measured[[*keys, *names]].dropna(axis="columns", how="all")
