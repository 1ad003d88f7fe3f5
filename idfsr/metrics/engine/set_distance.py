"""Families of one distance between two sets of images, on the features of a network."""

from collections.abc import Callable

from idfsr.metrics.engine.metric import (
    GT_SET,
    SR_SET,
    Columns,
    Features,
    ImageBatch,
    OfImages,
    SetDistance,
)
from idfsr.metrics.engine.torch_types import Tensor


def set_distance(
    name: str, embed: Callable[[ImageBatch], Tensor], distance: SetDistance
) -> OfImages:
    """Make a metric of a set.

    Args:
        name: Of the metric.
        embed: Gives a row of features an image.
        distance: Of the rows of both sets.
    """

    def extract(batch: ImageBatch) -> Features:
        return {"features": embed(batch).float().cpu().numpy()}

    def compare(sr: Features, gt: Features) -> Columns:
        return {SR_SET: sr["features"], GT_SET: gt["features"]}

    return OfImages(extract, compare, {name: distance})
