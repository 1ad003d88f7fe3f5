"""The table of all metrics of one method and scale, joined from the scores of the families."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from idfsr.errors import IdfsrError
from idfsr.io.schemas import KEY
from idfsr.io.tables import read_metadata
from idfsr.metrics.engine.metric import Metric
from idfsr.metrics.engine.registry import find_metrics
from idfsr.metrics.engine.score_table import SHARED, read_scores


def join_scores(
    paths: Sequence[Path], names: Iterable[str], missing: Iterable[str], scale_factor: int
) -> tuple[pd.DataFrame, dict[str, str | int | float | None]]:
    """Join the columns of families.

    Args:
        paths: Tables of `idfsr scores` of one method.
        names: Metrics of the table, in the order of its columns.
        missing: Metrics that were not computed, whose columns are empty.
        scale_factor: Rows that are wanted.

    Returns:
        A table with a row an image: identity, image, method, scale_factor, the columns of each
        metric, model_digest. Method, scale_factor, num_images, why no image was restored, if none
        was, and the metrics of the set, None where one was not computed.

    Raises:
        IdfsrError: A file is no table of scores, the tables are not of the same images, or none
            has the scores of a metric.
    """
    if not paths:
        message = "no scores given, wanted at least one table of `idfsr scores`"
        raise IdfsrError(message)
    tables = [read_scores(path, scale_factor) for path in paths]
    shared, about = tables[0][list(SHARED)], read_metadata(paths[0])
    for path, table in zip(paths, tables, strict=True):
        if not table[list(SHARED)].equals(shared):
            message = f"{path}: found other images than in {paths[0]}, wanted the same rows in both"
            raise IdfsrError(message)
    known = {str(name): table[name] for table in tables for name in table}
    metrics, empty = find_metrics(names), find_metrics(missing)
    _check_complete(metrics, known, scale_factor)
    joined = shared[[*KEY, "method", "scale_factor"]].assign(
        **{name: known[name] for metric in metrics for name in metric.columns},
        **{metric.name: math.nan for metric in empty if metric.kind != "set"},
        model_digest=shared["model_digest"],
    )
    facts: dict[str, str | int | float | None] = {
        "method": str(shared["method"].iloc[0]) if len(shared) else about["method"],
        "scale_factor": scale_factor,
        "num_images": len(joined),
    }
    if f"x{scale_factor}" in about:
        facts["problem"] = about[f"x{scale_factor}"]
    facts |= {metric.name: None for metric in empty if metric.kind == "set"}
    for metric in metrics:
        if metric.kind == "set":
            value = float(known[metric.name].iloc[0]) if len(joined) else math.nan
            facts[metric.name] = None if math.isnan(value) else value
    return joined, facts


def _check_complete(metrics: Sequence[Metric], known: dict[str, Any], scale_factor: int) -> None:
    for metric in metrics:
        if any(name not in known for name in (metric.name, *metric.details)):
            message = f"found no scores of {metric.name} at x{scale_factor}, wanted its family's"
            raise IdfsrError(message)
