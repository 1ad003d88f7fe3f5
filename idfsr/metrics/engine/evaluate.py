"""The evaluation of restored images: from pairs to the columns of a table and metrics of the set.

Every image is decoded and cropped once and goes through every network in batches, unless what the
network says of it is known already. The batches depend on the sorted names of the images alone, so
the same files give the same numbers.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from tqdm import tqdm

from idfsr.io.schemas import KEY
from idfsr.metrics.engine.comparisons import Resources
from idfsr.metrics.engine.features import FeatureStore, ImageBatch, make_batch
from idfsr.metrics.engine.frechet import MIN_IMAGES, frechet_distance
from idfsr.metrics.engine.pairs import Pairs, batches
from idfsr.metrics.engine.registry import METRICS, Metric, find_metrics
from idfsr.metrics.engine.scorers import Scorers, drop_missing, load_scorers
from idfsr.metrics.inception.kid import kernel_distance

BATCH_SIZE: Final = 16
"""Pairs that go through the networks together."""

SET_METRICS: Final[dict[str, Callable[[torch.Tensor, torch.Tensor], float]]] = {
    "fid": frechet_distance,
    "kid": kernel_distance,
    "mobilenetv2_fd": frechet_distance,
}
"""Metric of kind "set" to its function of the features of all restored images and all truths."""

Batch = TypeVar("Batch", Pairs, ImageBatch)

Columns = dict[str, np.ndarray]
SetMetrics = dict[str, float | None]


@dataclass(frozen=True)
class Scores:
    """Metrics of some pairs."""

    columns: Columns
    """Of each metric, a value a pair; NaN where a metric lacks its weights."""
    of_the_set: SetMetrics
    """Metric of kind "set" to its value; None where it lacks its weights, or images."""
    sr_keys: list[str]
    """Of the restored images in the store."""


@dataclass(frozen=True)
class Evaluator:
    """Metrics with all that computes them; see `load_evaluator`."""

    metrics: list[Metric]
    """That can be computed."""
    missing: list[str]
    """Metrics whose published weights are not there."""
    scorers: Scorers
    store: FeatureStore
    """What is known of single images; it takes up what is found."""

    @torch.inference_mode()
    def score(self, pairs: Iterator[Pairs], num_pairs: int) -> Scores:
        """Compute the metrics of pairs, a batch at a time.

        Args:
            pairs: Batches of `BATCH_SIZE`, the last of which may be smaller; at least one.
            num_pairs: In all of them, for the progress bar.
        """
        names = [one.extractor.name for one in self.scorers.comparisons]
        sr_keys: list[str] = []
        gt_keys: list[str] = []
        of_pairs = []
        for batch in _show_progress(pairs, num_pairs, "metrics"):
            sr = make_batch(batch.sr_image, batch.sr_crop)
            gt = make_batch(batch.gt_image, batch.gt_crop)
            self.store.complete(sr, names)
            self.store.complete(gt, self._names_of_truth())
            sr_keys += sr.keys
            gt_keys += gt.keys
            of_pairs.append(
                {
                    name: values
                    for scorer in self.scorers.of_pairs
                    for name, values in scorer(batch).items()
                }
            )
        columns = {name: np.concatenate([one[name] for one in of_pairs]) for name in of_pairs[0]}
        for comparison in self.scorers.comparisons:
            name = comparison.extractor.name
            truth = self.store.features(name, gt_keys) if comparison.of_truth else {}
            columns |= comparison.compare(self.store.features(name, sr_keys), truth)
        wanted = dict.fromkeys(column for metric in self.metrics for column in metric.columns)
        blank = {
            name: np.full(len(sr_keys), np.nan)
            for name in self.missing
            if METRICS[name].kind != "set"
        }
        return Scores(
            {name: columns[name] for name in wanted} | blank, self._score_set(columns), sr_keys
        )

    def _score_set(self, columns: Columns) -> SetMetrics:
        values: SetMetrics = {name: None for name in self.missing if METRICS[name].kind == "set"}
        for metric in self.metrics:
            if metric.kind == "set":
                sr, gt = (
                    torch.from_numpy(columns[f"{side}_{metric.scorer}"]) for side in ("sr", "gt")
                )
                enough = len(sr) >= MIN_IMAGES
                values[metric.name] = SET_METRICS[metric.name](sr, gt) if enough else None
        return values

    @torch.inference_mode()
    def extract_truth(self, batches: Iterator[ImageBatch], num_images: int) -> list[str]:
        """Ask the networks of the ground truth alone.

        Args:
            batches: As `score` takes them.
            num_images: In all of them, for the progress bar.

        Returns:
            The keys of the images in the store.
        """
        keys: list[str] = []
        for batch in _show_progress(batches, num_images, "features"):
            self.store.complete(batch, self._names_of_truth())
            keys += batch.keys
        return keys

    def _names_of_truth(self) -> list[str]:
        return [one.extractor.name for one in self.scorers.comparisons if one.of_truth]


def _show_progress(batches: Iterator[Batch], num_images: int, name: str) -> Iterator[Batch]:
    num_batches = math.ceil(num_images / BATCH_SIZE)
    yield from tqdm(batches, desc=name, total=num_batches, unit="batch")


def load_evaluator(names: Iterable[str], resources: Resources) -> Evaluator:
    """Load what some metrics need; those whose published weights are not there are logged.

    Args:
        names: Of metrics.
        resources: What they are made of.

    Raises:
        IdfsrError: A name is not a metric's, or a file of weights is not what it should be.
    """
    metrics, missing = drop_missing(find_metrics(names), resources.weights_dir)
    scorers = load_scorers(metrics, resources)
    store = FeatureStore(one.extractor for one in scorers.comparisons)
    return Evaluator(metrics, missing, scorers, store)


def evaluate(
    evaluator: Evaluator, rows: pd.DataFrame, method: str, scale_factor: int
) -> tuple[pd.DataFrame, dict[str, str | int | float | None], list[str]]:
    """Compare the restored test images of one method and scale with the ground truth.

    Args:
        evaluator: See `load_evaluator`.
        rows: Of `idfsr.metrics.engine.pairs.read_pairs`.
        method: That restored the images.
        scale_factor: Of all rows.

    Returns:
        A table with a row an image: identity, image, method, scale_factor, the columns of each
        metric, model_digest. Method, scale_factor, num_images and the metrics of the set. And the
        keys of the restored images in the store.
    """
    scores = evaluator.score(batches(rows, BATCH_SIZE), len(rows))
    table = rows[KEY].assign(
        method=method,
        scale_factor=scale_factor,
        **scores.columns,
        model_digest=rows["model_digest"],
    )
    facts: dict[str, str | int | float | None] = {
        "method": method,
        "scale_factor": scale_factor,
        "num_images": len(table),
    }
    return table, facts | scores.of_the_set, scores.sr_keys


def table_schema(table: pd.DataFrame) -> pa.Schema:
    """Return the types of the columns: int32 for the scale factor, float64, else text."""

    def column_type(name: str) -> pa.DataType:
        if name == "scale_factor":
            return pa.int32()
        return pa.float64() if pd.api.types.is_float_dtype(table[name]) else pa.string()

    return pa.schema([(name, column_type(name)) for name in table.columns])
