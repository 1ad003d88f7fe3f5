"""The evaluation of one method at one scale: restored images to a table and set metrics.

Every image is decoded and cropped once and goes through every network in batches. The batches
depend on the sorted names of the images alone, so the same files give the same numbers.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from tqdm import tqdm

from idfsr.data.schemas import KEY
from idfsr.metrics.frechet import MIN_IMAGES, frechet_distance
from idfsr.metrics.pairs import Pairs, batches, read_pairs
from idfsr.metrics.registry import Metric
from idfsr.metrics.scorers import Scorer

BATCH_SIZE: Final = 16
"""Pairs that go through the networks together."""

SetMetrics = dict[str, str | int | float | None]


@torch.inference_mode()
def score(
    pairs: Iterator[Pairs], num_pairs: int, metrics: Sequence[Metric], scorers: Sequence[Scorer]
) -> tuple[dict[str, np.ndarray], dict[str, float | None]]:
    """Compute metrics of pairs, a batch at a time.

    Args:
        pairs: Batches of `BATCH_SIZE`, the last of which may be smaller; at least one.
        num_pairs: In all of them, for the progress bar.
        metrics: What to compute; see `idfsr.metrics.registry.find_metrics`.
        scorers: Loaded for these metrics; see `idfsr.metrics.scorers.load_scorers`.

    Returns:
        The columns of each metric, a value a pair. And the value of each metric of kind "set" by
        its name; None where there are too few images for it.
    """
    scores = [
        {name: values for scorer in scorers for name, values in scorer(batch).items()}
        for batch in tqdm(
            pairs, desc="metrics", total=math.ceil(num_pairs / BATCH_SIZE), unit="batch"
        )
    ]
    columns = {name: np.concatenate([batch[name] for batch in scores]) for name in scores[0]}
    of_the_set: dict[str, float | None] = {}
    if any(metric.name == "mobilenetv2_fd" for metric in metrics):
        sr, gt = (torch.from_numpy(columns[name]) for name in ("sr_pooled", "gt_pooled"))
        of_the_set["mobilenetv2_fd"] = frechet_distance(sr, gt) if len(sr) >= MIN_IMAGES else None
    wanted = [column for metric in metrics for column in metric.columns]
    return {name: columns[name] for name in wanted}, of_the_set


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
        metrics: See `score`.
        scorers: See `score`.

    Returns:
        A table with a row an image: identity, image, method, scale_factor, the columns of each
        metric, model_digest. And method, scale_factor, num_images and the metrics of the set.

    Raises:
        IdfsrError: The restored images are not exactly those of the test part; names some.
    """
    rows = read_pairs(shards, restored, method, scale_factor)
    columns, of_the_set = score(batches(rows, BATCH_SIZE), len(rows), metrics, scorers)
    table = rows[KEY].assign(
        method=method,
        scale_factor=scale_factor,
        **columns,
        model_digest=rows["model_digest"],
    )
    facts: SetMetrics = {
        "method": method,
        "scale_factor": scale_factor,
        "num_images": len(table),
    }
    return table, facts | of_the_set


def table_schema(table: pd.DataFrame) -> pa.Schema:
    """Return the types of the columns: int32 for the scale factor, float64, else text."""

    def column_type(name: str) -> pa.DataType:
        if name == "scale_factor":
            return pa.int32()
        return pa.float64() if pd.api.types.is_float_dtype(table[name]) else pa.string()

    return pa.schema([(name, column_type(name)) for name in table.columns])
