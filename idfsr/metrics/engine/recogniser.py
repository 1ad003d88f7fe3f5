"""What the families of face recognisers share: how alike two faces are, and whether one was copied.

Their networks see aligned faces. Beside the distance to the ground truth stand two likenesses that
tell whether a method copies the photographs it was given: that of the restored image to the nearest
of them, and that of the ground truth to the nearest of them. The second is what two real
photographs of the person have; what the first exceeds it by is the copy-paste score.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from jaxtyping import Float

from idfsr.metrics.engine.metric import (
    EMBEDDING,
    REFERENCES,
    Columns,
    Family,
    Features,
    ImageBatch,
    Metric,
    OfImages,
    Resources,
    likeness_columns,
)
from idfsr.metrics.engine.torch_types import Tensor

Embed = Callable[[Tensor], Tensor]
"""From aligned faces "B 3 112 112", RGB in [-1, 1], to vectors "B D" of length 1."""


def nearest_likeness(
    embedding: Float[np.ndarray, "B D"], references: np.ndarray
) -> Float[np.ndarray, "B"]:
    """Return the cosine of each face with the most alike of its references; NaN without any.

    Args:
        embedding: Vectors of length 1.
        references: For each face the vectors of its references, one after the other.
    """
    likeness = np.full(len(embedding), np.nan)
    for row, (own, others) in enumerate(zip(embedding, references, strict=True)):
        if len(others):
            known = np.asarray(others, np.float64).reshape(-1, len(own))
            likeness[row] = np.clip(known @ own.astype(np.float64), -1, 1).max()
    return likeness


def compare_faces(metric: str, sr: Features, gt: Features) -> Columns:
    """Fill the columns of an identity distance.

    Args:
        metric: Its name.
        sr: Embeddings of the restored images.
        gt: Of their ground truths, and of the references where they are known.
    """
    import torch

    from idfsr.metrics.sface.distance import identity_distance

    ours, theirs = sr[EMBEDDING], gt[EMBEDDING]
    references = gt.get(REFERENCES, np.empty((len(ours), 0)))
    distance = identity_distance(torch.from_numpy(ours), torch.from_numpy(theirs))
    of_reference, of_photographs = likeness_columns(metric)
    return {
        metric: distance.numpy(),
        of_reference: nearest_likeness(ours, references),
        of_photographs: nearest_likeness(theirs, references),
    }


def recogniser_family(
    metric: str, *, title: str, note: str, load: Callable[[Resources], Embed], weights: str
) -> Family:
    """Make the family of a recogniser that sees aligned faces.

    Args:
        metric: Name of its distance, e.g. "ids_adaface".
        title: Of the distance.
        note: Its footnote.
        load: Loads the network.
        weights: See `Family.weights`.
    """
    distance = Metric(
        name=metric,
        title=title,
        unit="",
        decimals=4,
        direction="lower",
        value_range=(0.0, 2.0),
        kind="pair",
        note=note,
        details=likeness_columns(metric),
    )
    return Family(
        (distance,),
        partial(_load, metric, load),
        of_truth=True,
        of_faces=True,
        of_references=True,
        weights=weights,
    )


def _load(metric: str, load: Callable[[Resources], Embed], resources: Resources) -> OfImages:
    import torch

    from idfsr.metrics.engine.unit_range import to_unit

    embed = load(resources)

    def extract(batch: ImageBatch) -> Features:
        crops = (2 * to_unit(batch.crop) - 1).to(resources.device, torch.float32)
        return {EMBEDDING: embed(crops).cpu().numpy()}

    return OfImages(extract, partial(compare_faces, metric))
