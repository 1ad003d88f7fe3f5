"""Which photographs of a folder show one person: an album as it is, with others, groups, copies.

The person is the one who is in the most photographs. Of each photograph one face is taken at most;
what is taken and what is left, and why, is said of every file.
"""

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from tqdm import tqdm

from idfsr.config.dataset import IndexConfig
from idfsr.dataset.copies import find_copies, photograph_hash
from idfsr.dataset.listing import find_images
from idfsr.errors import IdfsrError
from idfsr.faces.align import align_arcface
from idfsr.faces.detector import Detections
from idfsr.faces.targets import Face
from idfsr.io.decoding import UnreadableImageError
from idfsr.io.digests import file_digest
from idfsr.io.images import read_image
from idfsr.photographs.detail import ffhq_side
from idfsr.photographs.likeness import LIKENESS, embed_crops
from idfsr.photographs.networks import PhotographNetworks
from idfsr.photographs.search import search_photograph

logger = logging.getLogger(__name__)

MIN_PHOTOGRAPHS = 2
"""Each photograph is learnt from with another one as its reference."""
MIN_SHARE = 0.5
"""Least side of a face's crop to learn from, as a share of what the network gives."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Seen:
    """What is kept of a photograph."""

    path: Path
    faces: Detections
    embeddings: Float[np.ndarray, "N 128"]
    bits: int
    """See `photograph_hash`."""


def look_at(path: Path, loaded: PhotographNetworks) -> Seen | str:
    """Find the faces of a photograph that are large enough to learn from, or say why none is."""
    try:
        image = read_image(path)
    except UnreadableImageError as error:
        return error.reason
    faces = search_photograph(image, loaded.detector)
    if not len(faces.scores):
        return "no face"
    wanted = MIN_SHARE * loaded.config.shards.image_size
    large = [index for index, points in enumerate(faces.landmarks) if ffhq_side(points) >= wanted]
    if not large:
        height = max(box[3] - box[1] for box in faces.boxes)
        return f"the largest face has {height:.0f} pixels, too few to learn from"
    kept = Detections(faces.boxes[large], faces.scores[large], faces.landmarks[large])
    crops = np.stack([align_arcface(image, points) for points in kept.landmarks])
    return Seen(
        path=path,
        faces=kept,
        embeddings=embed_crops(crops, loaded.recogniser),
        bits=photograph_hash(image),
    )


def most_like(
    photographs: Sequence[Seen], wanted: Float[np.ndarray, "128"]
) -> list[tuple[int, float]]:
    """Return of each photograph the face most like an embedding, and the cosine."""
    cosines = [seen.embeddings @ wanted / np.linalg.norm(wanted) for seen in photographs]
    return [(int(values.argmax()), float(values.max())) for values in cosines]


def find_person(photographs: Sequence[Seen]) -> Float[np.ndarray, "128"]:
    """Return the mean embedding of who is in the most photographs; of two the one seen larger."""

    def presence(embedding: Float[np.ndarray, "128"]) -> tuple[int, float]:
        found = most_like(photographs, embedding)
        sizes = [
            ffhq_side(seen.faces.landmarks[index])
            for seen, (index, likeness) in zip(photographs, found, strict=True)
            if likeness >= LIKENESS
        ]
        return len(sizes), sum(sizes)

    candidates = [embedding for seen in photographs for embedding in seen.embeddings]
    best = max(candidates, key=presence)
    found = most_like(photographs, best)
    own = [
        seen.embeddings[index]
        for seen, (index, likeness) in zip(photographs, found, strict=True)
        if likeness >= LIKENESS
    ]
    mean: Float[np.ndarray, "128"] = np.mean(own, axis=0)
    return mean


def sort_out(photographs: Sequence[Seen], left: dict[Path, str]) -> dict[Path, int]:
    """Choose the person's face of each photograph, and note the reason where there is none."""
    if not photographs:
        return {}
    person = find_person(photographs)
    chosen, likest = {}, most_like(photographs, person)
    for seen, (index, likeness) in zip(photographs, likest, strict=True):
        if likeness >= LIKENESS:
            chosen[seen.path] = index
        else:
            left[seen.path] = f"another person, likeness {likeness:.2f}, wanted {LIKENESS}"
    hashes = [(str(seen.path), seen.bits) for seen in photographs if seen.path in chosen]
    for name, first in find_copies(hashes, IndexConfig().max_copy_distance).items():
        del chosen[Path(name)]
        left[Path(name)] = f"shows what {Path(first).name} shows"
    return chosen


def report(paths: Sequence[Path], chosen: Mapping[Path, int], left: Mapping[Path, str]) -> None:
    """Say of every file whether it is taken, and why not."""
    for path in paths:
        logger.info("%s: %s", path, "taken" if path in chosen else f"left out: {left[path]}")


def find_faces(folder: Path, loaded: PhotographNetworks) -> dict[tuple[str, str], Face]:
    """Return the face of one person in each photograph of a folder, by folder and file name.

    Raises:
        IdfsrError: The folder is missing, or nobody is in two of its photographs. What is taken
            and left is listed in the log.
    """
    paths = find_images([folder])
    left: dict[Path, str] = {}
    photographs: list[Seen] = []
    for path in tqdm(paths, unit="photograph", desc="looking"):
        seen = look_at(path, loaded)
        if isinstance(seen, str):
            left[path] = seen
        else:
            photographs.append(seen)
    chosen = sort_out(photographs, left)
    report(paths, chosen, left)
    if len(chosen) < MIN_PHOTOGRAPHS:
        message = (
            f"{folder}: found {len(chosen)} photographs of one person among {len(paths)}, "
            f"wanted at least {MIN_PHOTOGRAPHS}"
        )
        raise IdfsrError(message)
    person = folder.resolve().name
    return {
        (person, seen.path.name): Face(
            seen.path,
            file_digest(seen.path),
            seen.faces.boxes[chosen[seen.path]],
            seen.faces.landmarks[chosen[seen.path]],
        )
        for seen in photographs
        if seen.path in chosen
    }
