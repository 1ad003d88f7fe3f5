"""The ground truth of a target: one photograph, decoded once, at the size of the networks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float, UInt8

from idfsr.config.dataset import Kind
from idfsr.constants import NUM_LANDMARKS
from idfsr.errors import IdfsrError
from idfsr.faces.align import align_arcface, align_ffhq, transform
from idfsr.io.images import read_photograph, resize
from idfsr.io.schemas import KEY
from idfsr.io.tables import check_once, read_table

ALIGNED: Final = ("synthref", "celebref_hq", "ref_ldm")
"""Kinds of data sets whose images are aligned as FFHQ."""


class Face(NamedTuple):
    """The largest face of a photograph; (x, y) in pixels of the upright photograph.

    Attributes:
        path: Of the photograph.
        sha256: Of its bytes.
        box: (x0, y0, x1, y1).
        landmarks: Five points.
    """

    path: Path
    sha256: str
    box: Float[np.ndarray, "4"]
    landmarks: Float[np.ndarray, "5 2"]


@dataclass(frozen=True)
class Target:
    """One face at the size of the networks.

    Convention: (x, y) in pixels of `gt_image`, (0, 0) is its corner.

    Attributes:
        gt_image: RGB.
        landmarks: Five points.
        box: (x0, y0, x1, y1) of the detection.
        id_crop: ArcFace crop of the photograph in its own resolution.
        ref_image: RGB; the photograph as `gt_image` in another size, None unless it is wanted.
    """

    gt_image: UInt8[np.ndarray, "S S 3"]
    landmarks: Float[np.ndarray, "5 2"]
    box: Float[np.ndarray, "4"]
    id_crop: UInt8[np.ndarray, "112 112 3"]
    ref_image: UInt8[np.ndarray, "R R 3"] | None = None


def make_target(
    photograph: UInt8[np.ndarray, "H W 3"],
    landmarks: Float[np.ndarray, "5 2"],
    box: Float[np.ndarray, "4"],
    kind: Kind,
    size: int,
    ref_size: int = 0,
) -> Target:
    """Bring a photograph to the size of the networks.

    Args:
        photograph: RGB; square where the data set is aligned.
        landmarks: (x, y) in pixels of the photograph.
        box: Of the face, likewise.
        kind: Images of the kinds in `ALIGNED` are resized, others are aligned as FFHQ.
        size: Side wanted, in pixels.
        ref_size: Side of `ref_image`, 0 for none.

    Raises:
        ValueError: An image of an aligned data set is not square, or all landmarks coincide.
    """
    height, width, _ = photograph.shape
    if kind not in ALIGNED:
        gt_image, matrix = align_ffhq(photograph, landmarks, size)
        ref_image = align_ffhq(photograph, landmarks, ref_size)[0] if ref_size else None
    elif height == width:
        gt_image = resize(photograph, (size, size), "lanczos")
        matrix = np.array([[size / width, 0, 0], [0, size / height, 0]])
        ref_image = resize(photograph, (ref_size, ref_size), "lanczos") if ref_size else None
    else:
        message = (
            f"found {width}x{height} pixels, wanted a square image for dataset.kind {kind} "
            "(dataset.kind folder aligns whole photographs)"
        )
        raise ValueError(message)
    # A turned box stays upright and keeps its size, as a detector would draw it.
    scale = np.sqrt(abs(np.linalg.det(matrix[:, :2])))
    centre = transform(matrix, (box[:2] + box[2:]) / 2)
    half = (box[2:] - box[:2]) / 2 * scale
    return Target(
        gt_image,
        transform(matrix, landmarks).astype(np.float32),
        np.concatenate((centre - half, centre + half)).astype(np.float32),
        align_arcface(photograph, landmarks),
        ref_image,
    )


def read_faces(
    manifest: Path, landmarks: Sequence[Path], root: Path
) -> dict[tuple[str, str], Face]:
    """Join the manifest with the shards of landmarks: the photographs that show a face.

    Args:
        manifest: Of the index stage.
        landmarks: All shards of the landmarks stage.
        root: Folder to which the manifest's paths are relative.

    Returns:
        The faces by identity and image.

    Raises:
        IdfsrError: A file is missing or lacks a column.
    """
    found = pd.concat(
        [read_table(path, [*KEY, "num_faces", "box", "landmarks"]) for path in landmarks]
    )
    check_once(found, "landmarks")
    images = check_once(read_table(manifest, [*KEY, "path", "sha256"]), str(manifest))
    faces = found[found["num_faces"] > 0].merge(images, on=KEY, validate="one_to_one")
    columns = (faces[name] for name in [*KEY, "path", "sha256", "box", "landmarks"])
    return {
        (identity, image): Face(
            root / path,
            sha256,
            np.array(box, dtype=np.float32),
            np.array(points, dtype=np.float32).reshape(NUM_LANDMARKS, 2),
        )
        for identity, image, path, sha256, box, points in zip(*columns, strict=True)
    }


def read_target(
    faces: Mapping[tuple[str, str], Face],
    key: tuple[str, str],
    kind: Kind,
    size: int,
    ref_size: int = 0,
) -> Target:
    """Decode the photograph of an image and bring it to the size of the networks.

    Args:
        faces: From `read_faces`.
        key: Identity and image.
        kind: See `make_target`.
        size: Side wanted, in pixels.
        ref_size: See `make_target`.

    Raises:
        IdfsrError: No landmarks are known of the image, or it cannot be used: see
            `read_photograph` and `make_target`.
    """
    if key not in faces:
        message = f"{'/'.join(key)}: in the split but without landmarks, wanted a detected face"
        raise IdfsrError(message)
    face = faces[key]
    try:
        photograph = read_photograph(face.path, face.sha256)
        return make_target(photograph, face.landmarks, face.box, kind, size, ref_size)
    except ValueError as error:
        message = f"{face.path}: {error}"
        raise IdfsrError(message) from None
