"""Whether a face is the person's: SFace, which no training and no fit here has used, compares.

A small face is compared with the person's photographs made as small, like with like.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, UInt8

from idfsr.constants import ARCFACE_LANDMARKS_112, ARCFACE_SIZE
from idfsr.faces.align import fit_similarity
from idfsr.io.images import resize
from idfsr.metrics.engine.unit_range import to_unit
from idfsr.metrics.sface.network import SFace

LIKENESS = 0.4
"""From which on a face is the person's. Measured on 15 photographs of 4 people at 7 sizes
(benchmarks/likeness.py, docs/photographs.md): no face of another person reaches it."""
MIN_SIDE = 4
"""Of a crop that is made small, in pixels."""


@torch.inference_mode()
def embed_crops(
    crops: UInt8[np.ndarray, "N 112 112 3"], recogniser: SFace
) -> Float[np.ndarray, "N 128"]:
    """Return the embeddings of ArcFace crops, each of length 1."""
    device = next(recogniser.parameters()).device
    embeddings: Float[np.ndarray, "N 128"] = recogniser(to_unit(crops).to(device)).cpu().numpy()
    return embeddings


def arcface_side(landmarks: Float[np.ndarray, "5 2"]) -> float:
    """Return the side of a face's ArcFace crop in pixels of the photograph."""
    matrix = fit_similarity(landmarks.astype(np.float64), np.array(ARCFACE_LANDMARKS_112))
    return float(ARCFACE_SIZE / np.sqrt(np.linalg.det(matrix[:, :2])))


def reduce_crops(
    crops: UInt8[np.ndarray, "N 112 112 3"], side: float
) -> UInt8[np.ndarray, "N 112 112 3"]:
    """Give crops the sharpness of crops of a smaller face.

    Args:
        crops: Of large faces.
        side: See `arcface_side`, of the smaller face.
    """
    small = max(MIN_SIDE, round(side))
    if small >= ARCFACE_SIZE:
        return crops
    full = (ARCFACE_SIZE, ARCFACE_SIZE)
    return np.stack(
        [resize(resize(crop, (small, small), "bicubic"), full, "bilinear") for crop in crops]
    )


def compare_faces(
    crops: UInt8[np.ndarray, "N 112 112 3"],
    sides: Sequence[float],
    person: UInt8[np.ndarray, "K 112 112 3"],
    recogniser: SFace,
) -> Float[np.ndarray, "N"]:
    """Return the likeness of faces to a person: the cosine to the mean of their photographs.

    Args:
        crops: ArcFace crops of the faces.
        sides: The `arcface_side` of each.
        person: ArcFace crops of the person's photographs.
        recogniser: SFace.
    """
    values = []
    for embedding, side in zip(embed_crops(crops, recogniser), sides, strict=True):
        mean = embed_crops(reduce_crops(person, side), recogniser).mean(axis=0)
        values.append(embedding @ mean / np.linalg.norm(mean))
    return np.array(values)
