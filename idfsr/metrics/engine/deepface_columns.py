"""IDS, IDV and the agreement of attributes as DeepFace's `verify` and `analyze` define them.

Out of what `idfsr.metrics.engine.deepface` says of restored images and of their ground truths.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from jaxtyping import Float

from idfsr.constants import DEEPFACE_THRESHOLD
from idfsr.metrics.engine.deepface import KINDS
from idfsr.metrics.engine.deepface_family import Name
from idfsr.metrics.engine.metric import Features

EMBEDDING_DIM: Final = 4096
DECIMALS: Final = 6
"""To which the package rounds a distance before it is held against the threshold."""

Compare = Callable[[Features, Features], dict[str, np.ndarray]]
"""Takes the features of the restored images and of their ground truths."""


def smallest_distance(a: Float[np.ndarray, "faces D"], b: Float[np.ndarray, "others D"]) -> float:
    """Return the cosine distance of the two faces of two images that are nearest."""
    a, b = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (a, b))
    return float(np.round((1 - a @ b.T).min(), DECIMALS))


def verify(sr: Features, gt: Features) -> dict[str, np.ndarray]:
    """Compare the faces of restored images with those of the ground truth.

    Of several faces the nearest two count, as in the package.

    Args:
        sr: Of `extract_embeddings`, restored images.
        gt: Likewise, their ground truths.

    Returns:
        Columns ids, the cosine distance, and idv, 1 where it is at most DeepFace's
        threshold and else 0.
    """
    ids = np.array(
        [
            smallest_distance(
                *(faces.astype(np.float64).reshape(-1, EMBEDDING_DIM) for faces in pair)
            )
            for pair in zip(sr["embeddings"], gt["embeddings"], strict=True)
        ]
    )
    return {"ids": ids, "idv": (ids <= DEEPFACE_THRESHOLD).astype(np.float64)}


def compare_classes(name: Name, sr: Features, gt: Features) -> dict[str, np.ndarray]:
    """Say whether the likeliest class of both images is the same.

    Args:
        name: Network that was asked.
        sr: Of `extract_probabilities`, restored images.
        gt: Likewise, their ground truths.

    Returns:
        Columns acc_*, 1 or 0; gt_* and sr_*, words.
    """
    attribute = name.removeprefix("deepface_")
    gt_class, sr_class = (one["probabilities"].argmax(axis=1) for one in (gt, sr))
    words = np.array(KINDS[name].classes, dtype=object)
    return {
        f"acc_{attribute}": (gt_class == sr_class).astype(np.float64),
        f"gt_{attribute}": words[gt_class],
        f"sr_{attribute}": words[sr_class],
    }


def expected_age(probabilities: Float[np.ndarray, "N 101"]) -> Float[np.ndarray, "N"]:
    """Return the expectation over 0 to 100 years (Rothe et al. 2018, section 3.3)."""
    ages: np.ndarray = (probabilities.astype(np.float64) * np.arange(101)).sum(axis=1)
    return ages


def compare_ages(sr: Features, gt: Features) -> dict[str, np.ndarray]:
    """Return the ages of both images and their difference.

    Args:
        sr: Of `extract_probabilities`, restored images.
        gt: Likewise, their ground truths.

    Returns:
        Columns gt_age and sr_age in years; age_diff, of whole years, to which the package cuts its
        expectations off.
    """
    gt_age, sr_age = (expected_age(one["probabilities"]) for one in (gt, sr))
    age_diff = np.abs(np.trunc(sr_age) - np.trunc(gt_age))
    return {"age_diff": age_diff, "gt_age": gt_age, "sr_age": sr_age}


def note_faces(
    compare: Compare, sr: Features, gt: Features, *, enforce_detection: bool
) -> dict[str, np.ndarray]:
    """Add to the columns of a comparison what the detector found.

    Args:
        compare: Any of this module.
        sr: What it takes, with num_faces.
        gt: Likewise.
        enforce_detection: Whether an image without a face leaves its pair out, where the package
            would raise an error; otherwise the whole image is taken for a face.

    Returns:
        Its columns, NaN for pairs that are left out; gt_num_faces and sr_num_faces, 0 where no face
        was found; face_note, what that led to, or empty.
    """
    columns = compare(sr, gt)
    outcome = "left out" if enforce_detection else "taken whole"
    missing = {"ground truth": gt["num_faces"] == 0, "restored image": sr["num_faces"] == 0}
    notes = [
        "; ".join(f"no face in the {role}: {outcome}" for role in missing if missing[role][row])
        for row in range(len(sr["num_faces"]))
    ]
    if enforce_detection:
        without = np.logical_or(*missing.values())
        columns = {
            name: np.where(without, np.nan, values) if values.dtype == np.float64 else values
            for name, values in columns.items()
        }
    return columns | {
        "gt_num_faces": gt["num_faces"].astype(np.float64),
        "sr_num_faces": sr["num_faces"].astype(np.float64),
        "face_note": np.array(notes, dtype=object),
    }
