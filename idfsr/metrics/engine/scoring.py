"""From pairs of images to the scores of families of metrics.

Every image is decoded and cropped once and goes through every network in batches. The batches
depend on the sorted names of the images alone, so the same files give the same numbers.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import torch
from tqdm import tqdm

from idfsr.metrics.engine.metric import (
    GT_SET,
    MIN_IMAGES,
    SR_SET,
    Columns,
    Features,
    ImageBatch,
    OfImages,
    OfPairs,
    Pairs,
)

BATCH_SIZE: Final = 16
"""Pairs that go through the networks together."""

Batch = TypeVar("Batch", Pairs, ImageBatch)


@dataclass(frozen=True)
class Scores:
    """What a family says of some pairs."""

    columns: Columns
    """A value a pair."""
    of_the_set: dict[str, float]
    """Metric of kind "set" to its value; NaN of too few images."""


@torch.inference_mode()
def score_pairs(
    scorers: Mapping[str, OfPairs | OfImages],
    pairs: Iterator[Pairs],
    num_pairs: int,
    truth: Mapping[str, Features | None],
) -> dict[str, Scores]:
    """Score pairs, a batch at a time.

    Args:
        scorers: Of each family.
        pairs: Batches of `BATCH_SIZE`, the last of which may be smaller; at least one.
        num_pairs: In all of them, for the progress bar.
        truth: What each family's network says of the ground truths, a row a pair; None where it
            is to be asked here, empty where no ground truth is asked.
    """
    of_pairs = {name: one for name, one in scorers.items() if isinstance(one, OfPairs)}
    of_images = {name: one for name, one in scorers.items() if isinstance(one, OfImages)}
    parts: dict[str, list[Columns]] = {name: [] for name in of_pairs}
    sr: dict[str, list[Features]] = {name: [] for name in of_images}
    gt: dict[str, list[Features]] = {name: [] for name in of_images if truth[name] is None}
    for batch in _show_progress(pairs, num_pairs, "scores"):
        for name, scorer in of_pairs.items():
            parts[name].append(scorer.score(batch))
        for said, images in ((sr, batch.sr), (gt, batch.gt)):
            for name, found in said.items():
                found.append(of_images[name].extract(images))
    columns = {name: _concatenate(found) for name, found in parts.items()}
    for name, comparison in of_images.items():
        known = truth[name]
        of_truth = _concatenate(gt[name]) if known is None else known
        columns[name] = comparison.compare(_concatenate(sr[name]), of_truth)
    return {name: _score_set(scorer, columns[name]) for name, scorer in scorers.items()}


def _score_set(scorer: OfPairs | OfImages, columns: Columns) -> Scores:
    """Bring the features of the set to its metrics."""
    values = {}
    for name, distance in scorer.of_set.items():
        sr, gt = (torch.from_numpy(columns[side]) for side in (SR_SET, GT_SET))
        values[name] = distance(sr, gt) if len(sr) >= MIN_IMAGES else math.nan
    kept = {name: column for name, column in columns.items() if name not in (SR_SET, GT_SET)}
    return Scores(kept, values)


@torch.inference_mode()
def extract_features(scorer: OfImages, batches: Iterator[ImageBatch], num_images: int) -> Features:
    """Ask a network of images, a batch at a time.

    Args:
        scorer: Of its family.
        batches: As `score_pairs` takes them.
        num_images: In all of them, for the progress bar.
    """
    found = [scorer.extract(batch) for batch in _show_progress(batches, num_images, "features")]
    return _concatenate(found)


def _concatenate(parts: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _show_progress(batches: Iterator[Batch], num_images: int, name: str) -> Iterator[Batch]:
    num_batches = math.ceil(num_images / BATCH_SIZE)
    yield from tqdm(batches, desc=name, total=num_batches, unit="batch")
