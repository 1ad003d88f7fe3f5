"""Training of the small 68-point landmark network, on faces whose points the renderer knows."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor, nn
from torch.nn import functional

from idfsr.config.networks import NetworkStage
from idfsr.constants import MIRRORED_LANDMARKS_68, NUM_LANDMARKS_68
from idfsr.errors import IdfsrError
from idfsr.faces.embedded_landmarks import EmbeddedLandmarks
from idfsr.faces.landmarks68 import FIRST_INNER, LEFT_EYE, RIGHT_EYE
from idfsr.io.degradation import degrade, upsample
from idfsr.io.schemas import KEY
from idfsr.io.tables import read_table
from idfsr.io.tensors import to_network
from idfsr.models.landmarks68 import Landmarks68Config, Landmarks68Net
from idfsr.training.augment import draw_geometry, jitter_light, move_images
from idfsr.training.networks.faces import read_faces
from idfsr.training.networks.record import (
    Files,
    Loss,
    Measured,
    Training,
    count_people,
    digest_of_files,
    place,
)
from idfsr.training.order import batch_indices, derive_seed

SCALE_FACTORS: Final = (1, 1, 2, 4, 8, 8, 16, 16)
"""Of which one is drawn for each face: 1, a reference, leaves it sharp."""
MEASURED_FACTORS: Final = (1, 8, 16)
PERCENT: Final = 100
"""The loss is in percent of the side."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class MarkedFaces:
    """Sharp faces and where their landmarks are."""

    gt_image: UInt8[np.ndarray, "N S S 3"]
    landmarks: Float[Tensor, "N 68 2"]
    """(x, y) as shares of the side."""
    identities: list[str]

    def __len__(self) -> int:
        return len(self.identities)


@dataclasses.dataclass(frozen=True, kw_only=True)
class MarkedBatch:
    """What the loss sees."""

    images: Float[Tensor, "B 3 S S"]
    """Varied and degraded, in [-1, 1]."""
    landmarks: Float[Tensor, "B 68 2"]
    """As shares of the side."""


def read_marked_faces(shards: Sequence[Path], truth: Path, part: str | None = None) -> MarkedFaces:
    """Decode the faces of shards of one scale factor and join their landmarks.

    Args:
        shards: Files of the workflow.
        truth: Table that `idfsr synthref-landmarks` made.
        part: See `read_faces`.

    Raises:
        IdfsrError: See `read_faces`; or the table lacks a face.
    """
    faces = read_faces(shards, part)
    table = read_table(truth, [*KEY, "landmarks_68"])
    points = np.stack(table["landmarks_68"].to_list()).reshape(-1, NUM_LANDMARKS_68, 2)
    known = dict(zip(zip(table["identity"], table["image"], strict=True), points, strict=True))
    keys = list(zip(faces.identities, faces.images, strict=True))
    for key in keys:
        if key not in known:
            message = f"{truth}: found no landmarks of {'/'.join(key)}, wanted those of all shards"
            raise IdfsrError(message)
    return MarkedFaces(
        gt_image=faces.gt_image,
        landmarks=torch.from_numpy(np.stack([known[key] for key in keys])),
        identities=faces.identities,
    )


def vary_faces(
    images: Float[Tensor, "B 3 S S"],
    landmarks: Float[Tensor, "B 68 2"],
    generator: torch.Generator,
) -> tuple[Float[Tensor, "B 3 S S"], Float[Tensor, "B 68 2"]]:
    """Mirror, shift, scale and turn faces with their landmarks.

    Args:
        images: In [-1, 1].
        landmarks: As shares of the side.
        generator: On the CPU.
    """
    flipped = (torch.rand(len(images), generator=generator) < 1 / 2)[:, None, None]
    mirrored = landmarks[:, list(MIRRORED_LANDMARKS_68)] * torch.tensor([-1, 1])
    landmarks = torch.where(flipped, mirrored + torch.tensor([1, 0]), landmarks)
    images = torch.where(flipped[..., None], images.flip(3), images)
    matrices = draw_geometry(len(images), generator)
    linear, offset = matrices[:, :, :2], matrices[:, :, 2]
    centred = 2 * landmarks - 1 - offset[:, None]
    moved = torch.linalg.solve(linear, centred.transpose(1, 2)).transpose(1, 2)
    return move_images(images, matrices), (moved + 1) / 2


def degrade_some(
    images: Float[Tensor, "B 3 S S"], generator: torch.Generator
) -> Float[Tensor, "B 3 S S"]:
    """Make each face smaller and back by a factor drawn from `SCALE_FACTORS`.

    As `degrade` and `upsample`, but without 8-bit levels in between.
    """
    side = images.shape[3]
    draws = torch.randint(len(SCALE_FACTORS), (len(images),), generator=generator)
    factors = torch.tensor(SCALE_FACTORS)[draws]
    result = images.clone()
    for factor in sorted(set(factors.tolist()) - {1}):
        rows = factors == factor
        faces = images[rows]
        for size in (side // factor, side):
            faces = functional.interpolate(
                faces, size=(size, size), mode="bicubic", antialias=True
            ).clamp(-1, 1)
        result[rows] = faces
    return result


@dataclasses.dataclass(frozen=True, kw_only=True)
class MarkedReader:
    """The varied batch that begins after so many images."""

    faces: MarkedFaces
    batch_size: int
    seed: int

    def __call__(self, images_seen: int) -> MarkedBatch:
        """Return the batch."""
        rows: Int[np.ndarray, "B"] = batch_indices(
            len(self.faces), self.batch_size, images_seen, self.seed
        )
        generator = torch.Generator().manual_seed(derive_seed(self.seed, "vary", images_seen))
        images, landmarks = vary_faces(
            to_network(self.faces.gt_image[rows]),
            self.faces.landmarks[torch.from_numpy(rows)],
            generator,
        )
        images = jitter_light(degrade_some(images, generator), generator)
        return MarkedBatch(images=images, landmarks=landmarks)


@dataclasses.dataclass(frozen=True, kw_only=True)
class MarkedData:
    """Faces to learn from, and faces of other people."""

    faces: MarkedFaces
    others: MarkedFaces
    seed: int
    digest: str
    """Of the shards and the table of landmarks."""

    def reader(self, batch_size: int) -> MarkedReader:
        """Return what gives the batches."""
        return MarkedReader(faces=self.faces, batch_size=batch_size, seed=self.seed)

    def facts(self) -> dict[str, str]:
        """Describe the faces for the card."""
        facts = count_people(self.faces.identities, self.others.identities, "faces", self.seed)
        data = "rendered people, population `training`; landmarks known from the mesh"
        return {"data": data, **facts}


def read_marked_data(files: Files, config: NetworkStage) -> MarkedData:
    """Read faces of one scale factor with the landmarks that the renderer knows.

    Raises:
        IdfsrError: See `read_marked_faces`.
    """
    (truth,) = files["truth"]
    return MarkedData(
        faces=read_marked_faces(files["shards"], truth, "pretrain"),
        others=read_marked_faces(files["held_out"], truth),
        seed=config.seed,
        digest=digest_of_files([*files["shards"], truth]),
    )


def landmarks68_loss(network: Landmarks68Net, _: nn.Module | None) -> Loss:
    """Return the mean absolute error of the landmarks, in percent of the side."""

    def loss(batch: MarkedBatch, _: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        found = network(place(batch.images, network))
        return PERCENT * functional.l1_loss(found, batch.landmarks.to(found.device)), {}

    return loss


def measure_errors(
    network: Landmarks68Net, faces: MarkedFaces, scale_factor: int
) -> tuple[float, float]:
    """Return the mean distance of found landmarks from the true ones over that of the eyes.

    Args:
        network: Put into evaluation mode.
        faces: Not trained on.
        scale_factor: By which they are degraded; 1 leaves them sharp.

    Returns:
        Of all 68 landmarks, and of the 51 that are not the jaw's.
    """
    size = faces.gt_image.shape[1]
    images = np.stack([upsample(degrade(image, scale_factor), size) for image in faces.gt_image])
    found = EmbeddedLandmarks(network.eval()).detect(images) / size
    true = faces.landmarks.numpy()
    eyes = true[:, LEFT_EYE].mean(axis=1) - true[:, RIGHT_EYE].mean(axis=1)
    errors = np.linalg.norm(found - true, axis=2) / np.linalg.norm(eyes, axis=1)[:, None]
    return float(errors.mean()), float(errors[:, FIRST_INNER:].mean())


def measure_landmarks68(network: Landmarks68Net, _: nn.Module | None, data: MarkedData) -> Measured:
    """Return the errors in sharp and in degraded faces."""
    figures = {}
    for factor in MEASURED_FACTORS:
        every, inner = measure_errors(network, data.others, factor)
        name = f"x{factor}" if factor > 1 else "sharp"
        figures[f"error, {name}"] = (
            f"{every:.3f} of the distance of the eyes; without the jaw {inner:.3f}"
        )
    return Measured(figures)


TRAINING: Final = Training(
    sizes=Landmarks68Config(),
    make=Landmarks68Net,
    read=read_marked_data,
    loss=landmarks68_loss,
    measure=measure_landmarks68,
)
