"""Low-resolution faces to train a detector on: varied, degraded and enlarged copies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor
from tqdm import tqdm

from idfsr.config.lr_detector import LrDetectorStage
from idfsr.constants import MIRRORED_LANDMARKS
from idfsr.faces.align import BORDER_FFHQ, transform, warp_image
from idfsr.faces.targets import Face, read_target
from idfsr.io.degradation import degrade, upsample
from idfsr.training.order import batch_indices, derive_seed

SCALE_FACTORS = (4, 8, 16, 32)
"""Factors trained on, as long as `MIN_LR_SIZE` is left."""

MIN_LR_SIZE = 4
"""Smallest side of a low-resolution image, in pixels."""

MAX_SHIFT = 0.03
"""Of an augmented image, as a share of its side."""

MAX_LOG_SCALE = 0.06
"""Of an augmented image: the logarithm of its change of size."""


class LrBatch(NamedTuple):
    """What the loss sees; (x, y) in pixels of the enlarged images."""

    images: UInt8[Tensor, "B s s 3"]
    boxes: Float[Tensor, "B 4"]
    landmarks: Float[Tensor, "B 5 2"]


@dataclass(frozen=True)
class FaceSet:
    """Faces at the size of the ground truth; (x, y) in its pixels."""

    images: list[UInt8[np.ndarray, "S S 3"]]
    boxes: Float[np.ndarray, "N 4"]
    landmarks: Float[np.ndarray, "N 5 2"]
    identities: list[str]


def read_faces_of(
    keys: Sequence[tuple[str, str]], faces: Mapping[tuple[str, str], Face], config: LrDetectorStage
) -> FaceSet:
    """Decode images and bring them and their detections to the size of the ground truth."""
    kind, size = config.dataset.kind, config.gt_size
    targets = [
        read_target(faces, key, kind, size)
        for key in tqdm(keys, desc="lr_detector: read", unit="image")
    ]
    return FaceSet(
        [target.gt_image for target in targets],
        np.stack([target.box for target in targets]),
        np.stack([target.landmarks for target in targets]),
        [identity for identity, _ in keys],
    )


def vary_face(
    image: UInt8[np.ndarray, "S S 3"],
    box: Float[np.ndarray, "4"],
    landmarks: Float[np.ndarray, "5 2"],
    generator: np.random.Generator,
) -> tuple[UInt8[np.ndarray, "S S 3"], Float[np.ndarray, "4"], Float[np.ndarray, "5 2"]]:
    """Mirror, shift and scale a face at random.

    Convention: the mirror image of x is S - x, and left and right landmarks change names.
    """
    size = len(image)
    mirrored = bool(generator.integers(2))
    shift = generator.uniform(-MAX_SHIFT, MAX_SHIFT, 2) * size
    scale = np.exp(generator.uniform(-MAX_LOG_SCALE, MAX_LOG_SCALE))
    centre = np.full(2, size / 2)
    offset = centre - scale * centre + shift
    matrix = np.array([[scale, 0, offset[0]], [0, scale, offset[1]]])
    if mirrored:
        matrix[0] = [-scale, 0, size - offset[0]]
    corners = transform(matrix, box.reshape(2, 2).astype(np.float64))
    moved = transform(matrix, landmarks.astype(np.float64))
    return (
        warp_image(image, matrix, size, BORDER_FFHQ),
        np.concatenate((corners.min(axis=0), corners.max(axis=0))).astype(np.float32),
        (moved[list(MIRRORED_LANDMARKS)] if mirrored else moved).astype(np.float32),
    )


def training_factors(image_size: int) -> list[int]:
    """Return the factors that leave an image of this side `MIN_LR_SIZE` pixels or more."""
    return [
        factor
        for factor in SCALE_FACTORS
        if image_size % factor == 0 and image_size // factor >= MIN_LR_SIZE
    ]


def make_batch(faces: FaceSet, rows: Int[np.ndarray, "B"], search_size: int, seed: int) -> LrBatch:
    """Vary, degrade and enlarge some faces.

    Args:
        faces: To choose from.
        rows: Which ones.
        search_size: Side s of the enlarged images, in pixels.
        seed: Of the variations and factors.
    """
    generator = np.random.default_rng(seed)
    size = len(faces.images[0])
    images, boxes, landmarks = [], [], []
    for row in rows:
        image, box, points = vary_face(
            faces.images[row], faces.boxes[row], faces.landmarks[row], generator
        )
        factor = int(generator.choice(training_factors(size)))
        images.append(upsample(degrade(image, factor), search_size))
        boxes.append(box)
        landmarks.append(points)
    scale = search_size / size
    return LrBatch(
        torch.from_numpy(np.stack(images)),
        torch.from_numpy(np.stack(boxes)) * scale,
        torch.from_numpy(np.stack(landmarks)) * scale,
    )


@dataclass(frozen=True, kw_only=True)
class LrReader:
    """The varied and degraded batch that begins after so many images."""

    faces: FaceSet
    batch_size: int
    seed: int
    search_size: int
    """See `make_batch`."""

    def __call__(self, images_seen: int) -> LrBatch:
        """Return the batch."""
        rows = batch_indices(len(self.faces.images), self.batch_size, images_seen, self.seed)
        seed = derive_seed(self.seed, "vary", images_seen)
        return make_batch(self.faces, rows, self.search_size, seed)
