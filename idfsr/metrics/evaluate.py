"""The evaluation of one method at one scale: restored images to a table and set metrics.

Every image is decoded and cropped once and goes through every network in batches. The batches
depend on the sorted names of the images alone, so the same files give the same numbers.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from tqdm import tqdm

from idfsr.data.schemas import KEY
from idfsr.metrics.frechet import MIN_IMAGES, frechet_distance
from idfsr.metrics.pairs import batches, read_pairs
from idfsr.metrics.registry import Metric
from idfsr.metrics.scorers import Scorer

BATCH_SIZE: Final = 16
"""Pairs that go through the networks together."""

SetMetrics = dict[str, str | int | float | None]


@torch.inference_mode()
def evaluate(
    shards: Sequence[Path],
    restored: Sequence[Path],
    method: str,
    scale_factor: int,
    metrics: Sequence[Metric],
    scorers: Sequence[Scorer],
) -> tuple[pd.DataFrame, SetMetrics]:
    """Compare the restored test images of one method and scale with the ground truth.

    Args:
        shards: Files with the test rows, which hold the ground truth and its landmarks.
        restored: Tables of restored images, e.g. one an identity.
        method: Name of the method in the restored tables.
        scale_factor: Of all rows.
        metrics: What to compute; see `idfsr.metrics.registry.find_metrics`.
        scorers: Loaded for these metrics; see `idfsr.metrics.scorers.load_scorers`.

    Returns:
        A table with a row an image: identity, image, method, scale_factor, the columns of each
        metric, model_digest. And method, scale_factor, num_images and the value of each metric of
        kind "set" by its name; None where there are too few images for it.

    Raises:
        IdfsrError: The restored images are not exactly those of the test part; names some.
    """
    rows = read_pairs(shards, restored, method, scale_factor)
    progress = tqdm(
        batches(rows, BATCH_SIZE),
        desc=f"metrics {method} x{scale_factor}",
        total=math.ceil(len(rows) / BATCH_SIZE),
        unit="batch",
    )
    scores = [
        {name: values for score in scorers for name, values in score(pairs).items()}
        for pairs in progress
    ]
    columns = {name: np.concatenate([batch[name] for batch in scores]) for name in scores[0]}
    wanted = [column for metric in metrics for column in metric.columns]
    table = rows[KEY].assign(
        method=method,
        scale_factor=scale_factor,
        **{name: columns[name] for name in wanted},
        model_digest=rows["model_digest"],
    )
    return table, _set_metrics(table, columns, metrics)


def _set_metrics(
    table: pd.DataFrame, columns: dict[str, np.ndarray], metrics: Sequence[Metric]
) -> SetMetrics:
    values: SetMetrics = {
        "method": str(table["method"].iloc[0]),
        "scale_factor": int(table["scale_factor"].iloc[0]),
        "num_images": len(table),
    }
    if any(metric.name == "mobilenetv2_fd" for metric in metrics):
        features = (torch.from_numpy(columns[name]) for name in ("sr_pooled", "gt_pooled"))
        values["mobilenetv2_fd"] = frechet_distance(*features) if len(table) >= MIN_IMAGES else None
    return values


def table_schema(table: pd.DataFrame) -> pa.Schema:
    """Return the types of the columns: int32 for the scale factor, float64, else text."""

    def column_type(name: str) -> pa.DataType:
        if name == "scale_factor":
            return pa.int32()
        return pa.float64() if pd.api.types.is_float_dtype(table[name]) else pa.string()

    return pa.schema([(name, column_type(name)) for name in table.columns])
