"""Scores of the restored image alone."""

from collections.abc import Callable

from torch import Tensor

from idfsr.metrics.engine.metric import Columns, Features, ImageBatch, OfImages
from idfsr.metrics.engine.unit_range import to_unit


def image_score(name: str, score: Callable[[Tensor], Tensor]) -> OfImages:
    """Make a column of a function of images in [0, 1].

    Args:
        name: Of the column.
        score: Gives a number an image.
    """

    def extract(batch: ImageBatch) -> Features:
        return {"score": score(to_unit(batch.image)).cpu().numpy()}

    def compare(sr: Features, _: Features) -> Columns:
        return {name: sr["score"]}

    return OfImages(extract, compare)
