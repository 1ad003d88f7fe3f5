"""The shards stage: all that is prepared once for each target image.

Every photograph is decoded once. An identity is worked on as a whole, for its images are one
another's references; the networks see the images of an identity in batches.
"""

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, UInt8
from torch import Tensor
from tqdm import tqdm

from idfsr.config.shards import ShardsStage
from idfsr.faces.detector import Detector
from idfsr.faces.low_resolution import detect_low_resolution, landmarks_or_template
from idfsr.faces.mask import face_box
from idfsr.faces.targets import Face, Target, read_target
from idfsr.faces.warp import warp_reference
from idfsr.io.degradation import degrade
from idfsr.io.images import encode_png
from idfsr.io.tensors import to_network

logger = logging.getLogger(__name__)


class TargetRow(NamedTuple):
    """An image of the split; its part is "pretrain", "fit" or "test"."""

    identity: str
    image: str
    part: str


@dataclass(frozen=True)
class Networks:
    """The networks of the stage.

    Attributes:
        lr_detector: From `load_lr_detector`.
        embed: From ArcFace crops "B 3 112 112" in [-1, 1] to z_id "B D" of unit length.
    """

    lr_detector: Detector
    embed: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Prepared:
    """An image before its references are chosen."""

    row: TargetRow
    target: Target
    lr_image: UInt8[np.ndarray, "_ _ 3"]
    lr_landmarks: Float[np.ndarray, "5 2"]
    lr_detected: bool
    z_id: Float[np.ndarray, "D"]


def seeded_generator(*parts: int | str) -> np.random.Generator:
    """Return a generator that depends on the parts alone, not on what was drawn before."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16]))


def jitter_landmarks(
    landmarks: Float[np.ndarray, "5 2"], deviation: float, generator: np.random.Generator
) -> Float[np.ndarray, "5 2"]:
    """Add normal noise to landmarks, in the place of a detection in a low-resolution image.

    A detector misses all five points by a common shift and each by as much again (measured on
    images of 64 px at x8 and x16: shift 0.9 px, rest 0.8 px).

    Args:
        landmarks: (x, y) in pixels.
        deviation: Of each coordinate of the common shift, and of each point by itself, in pixels.
        generator: Source of the noise.
    """
    shift = generator.normal(scale=deviation, size=(1, 2))
    noise = generator.normal(scale=deviation, size=landmarks.shape)
    return (landmarks + shift + noise).astype(np.float32)


def choose_references(
    row: TargetRow, group: Sequence[TargetRow], num_references: int, seed: int
) -> list[str]:
    """Draw the references of a target from the other images of its identity.

    Args:
        row: The target. Those of fit and test images are fit images, those of pretraining images
            are pretraining images.
        group: All images of the identity.
        num_references: How many to draw, if there are so many.
        seed: Of the draw.

    Returns:
        Names of images in the order drawn; the first is the reference of the tables.
    """
    part = "pretrain" if row.part == "pretrain" else "fit"
    names = sorted(other.image for other in group if other.part == part and other != row)
    generator = seeded_generator(seed, "references", row.identity, row.image)
    return [names[index] for index in generator.permutation(len(names))[:num_references]]


def _place_landmarks(
    rows: Sequence[TargetRow],
    targets: Sequence[Target],
    lr_images: Sequence[UInt8[np.ndarray, "_ _ 3"]],
    networks: Networks,
    config: ShardsStage,
) -> list[tuple[Float[np.ndarray, "5 2"], bool]]:
    """Return the landmarks of each low-resolution image, and whether they count as detected.

    Images to fit and test on are searched. Those of pretraining have the jittered landmarks of the
    ground truth, for the detector has learnt from these very images.
    """
    size = config.shards.image_size
    if rows[0].part != "pretrain":
        faces = detect_low_resolution(networks.lr_detector, lr_images, config.search_size, size)
        return [landmarks_or_template(face, size) for face in faces]
    deviation = config.shards.landmark_jitter * size
    return [
        (
            jitter_landmarks(
                target.landmarks,
                deviation,
                seeded_generator(config.seed, "jitter", row.identity, row.image),
            ),
            True,
        )
        for row, target in zip(rows, targets, strict=True)
    ]


def prepare_images(
    rows: Sequence[TargetRow],
    faces: Mapping[tuple[str, str], Face],
    networks: Networks,
    config: ShardsStage,
    scale_factor: int,
) -> Iterator[Prepared]:
    """Prepare a batch of images of one identity."""
    size = config.shards.image_size
    targets = [
        read_target(
            faces,
            (row.identity, row.image),
            config.dataset.kind,
            size,
            config.shards.reference_size if row.part == "fit" else 0,
        )
        for row in rows
    ]
    lr_images = [degrade(target.gt_image, scale_factor) for target in targets]
    crops = to_network(np.stack([target.id_crop for target in targets]))
    z_ids = networks.embed(crops).cpu().numpy()
    found = _place_landmarks(rows, targets, lr_images, networks, config)
    for row, target, lr_image, z_id, (lr_landmarks, detected) in zip(
        rows, targets, lr_images, z_ids, found, strict=True
    ):
        yield Prepared(row, target, lr_image, lr_landmarks, detected, z_id)


def _reference_fields(reference: Prepared, prepared: Prepared, size: int) -> dict[str, Any]:
    warped_ref, affine, well_conditioned = warp_reference(
        reference.target.gt_image, reference.target.landmarks, prepared.lr_landmarks, size
    )
    return {
        "image": reference.row.image,
        "warped_ref": encode_png(warped_ref),
        "affine": affine.ravel().tolist(),
        "well_conditioned": well_conditioned,
        "z_id": reference.z_id,
    }


def shard_row(
    prepared: Prepared, references: Sequence[Prepared], scale_factor: int
) -> dict[str, Any]:
    """Return a row of `SHARD_SCHEMA`, the references warped onto the image."""
    size, ref_image = len(prepared.target.gt_image), prepared.target.ref_image
    return {
        "identity": prepared.row.identity,
        "image": prepared.row.image,
        "part": prepared.row.part,
        "scale_factor": scale_factor,
        "gt_image": encode_png(prepared.target.gt_image),
        "ref_image": None if ref_image is None else encode_png(ref_image),
        "lr_image": encode_png(prepared.lr_image),
        "landmarks": prepared.target.landmarks.ravel(),
        "lr_landmarks": prepared.lr_landmarks.ravel(),
        "lr_detected": prepared.lr_detected,
        "mask_box": list(face_box(prepared.lr_landmarks, size, scale_factor)),
        "z_id": prepared.z_id,
        "references": [_reference_fields(reference, prepared, size) for reference in references],
    }


def prepare_rows(
    rows: Sequence[TargetRow],
    faces: Mapping[tuple[str, str], Face],
    networks: Networks,
    config: ShardsStage,
    scale_factor: int,
) -> Iterator[dict[str, Any]]:
    """Make the rows of a shard.

    Args:
        rows: One of `plan_shards`: whole identities.
        faces: From `read_faces`.
        networks: Detector for low-resolution images, and ID encoder.
        config: Sections seed, dataset, lr_detector and shards.
        scale_factor: How many times smaller the low-resolution images are.

    Yields:
        A row of `SHARD_SCHEMA` for each image that has a reference; the others are counted in the
        log.

    Raises:
        IdfsrError: See `read_target`.
    """
    num_alone = 0
    with tqdm(total=len(rows), unit="image") as progress:
        for _, members in groupby(rows, key=lambda row: row.identity):
            group = list(members)
            batch_size = config.shards.batch_size
            prepared = {
                item.row.image: item
                for start in range(0, len(group), batch_size)
                for item in prepare_images(
                    group[start : start + batch_size], faces, networks, config, scale_factor
                )
            }
            for row in group:
                names = choose_references(row, group, config.shards.num_references, config.seed)
                num_alone += not names
                if names:
                    references = [prepared[name] for name in names]
                    yield shard_row(prepared[row.image], references, scale_factor)
            progress.update(len(group))
    logger.info("%d of %d images have no reference and are left out", num_alone, len(rows))
