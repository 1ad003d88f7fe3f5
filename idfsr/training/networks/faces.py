"""Faces with what low resolution leaves of them, for the baselines' networks."""

import dataclasses
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from idfsr.config.networks import NetworkStage
from idfsr.errors import IdfsrError
from idfsr.io.degradation import upsample
from idfsr.io.images import decode_png
from idfsr.io.shards import read_shard
from idfsr.io.tensors import to_network
from idfsr.training.networks.record import Files, count_people, digest_of_files
from idfsr.training.order import batch_indices, derive_seed

NUM_FIRST_FACES: Final = 64
"""What a network's first weights may be made from."""
MEASURED_BATCH: Final = 16
NUM_REFERENCES: Final = 4
"""Of each face; of people with fewer other images some come twice."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Faces:
    """Faces of one size, a row for each and scale factor."""

    gt_image: UInt8[np.ndarray, "N S S 3"]
    degraded: UInt8[np.ndarray, "N S S 3"]
    """Low-resolution images at the size of the ground truth, as at restoring time."""
    identities: list[str]
    images: list[str]
    """Names within the identities."""

    def __len__(self) -> int:
        return len(self.identities)

    @cached_property
    def rows_by_image(self) -> dict[str, dict[str, int]]:
        """One row of each image, by identity and image: sharp, all its rows are the same."""
        found: dict[str, dict[str, int]] = {}
        for row, (identity, image) in enumerate(zip(self.identities, self.images, strict=True)):
            found.setdefault(identity, {})[image] = row
        return found

    def others(self, row: int) -> list[int]:
        """Return a row of each other image of the person; the face's own if there is none."""
        own = self.images[row]
        rows = self.rows_by_image[self.identities[row]]
        return [other for image, other in rows.items() if image != own] or [row]

    def references(self, rows: Int[np.ndarray, "B"], first: int) -> Int[np.ndarray, "B K"]:
        """Return rows of `NUM_REFERENCES` other images of each person, one after the other.

        Args:
            rows: Of the faces.
            first: Which of the others to begin with; they come round.
        """
        others = [self.others(row) for row in rows.tolist()]
        steps = range(first, first + NUM_REFERENCES)
        return np.array([[found[step % len(found)] for step in steps] for found in others])


@dataclasses.dataclass(frozen=True, kw_only=True)
class FaceBatch:
    """What a loss sees; images are in [-1, 1]."""

    gt_image: Float[Tensor, "B 3 S S"]
    degraded: Float[Tensor, "B 3 S S"]
    ref_image: Float[Tensor, "B K 3 S S"]
    """Other images of the person, not warped."""


def make_batch(faces: Faces, rows: Int[np.ndarray, "B"], first_reference: int = 0) -> FaceBatch:
    """Return some of the faces; see `Faces.references`."""
    references = faces.references(rows, first_reference)
    ref_image = to_network(faces.gt_image[references.ravel()])
    return FaceBatch(
        gt_image=to_network(faces.gt_image[rows]),
        degraded=to_network(faces.degraded[rows]),
        ref_image=torch.unflatten(ref_image, 0, references.shape),
    )


def read_faces(shards: Sequence[Path], part: str | None = None) -> Faces:
    """Decode the faces of shards, of one or several scale factors; 25 kB a row at 64 px.

    Args:
        shards: Files of the workflow.
        part: Only rows of this part; all if None.

    Raises:
        IdfsrError: A file is not a shard, or there is no row.
    """
    table = read_shard(shards, ["identity", "image", "gt_image", "lr_image"], part)
    if not table.num_rows:
        message = f"{shards[0]}: found no row of part {part}, wanted faces"
        raise IdfsrError(message)
    gt_image = np.stack([decode_png(png.as_py()) for png in table["gt_image"]])
    size = gt_image.shape[1]
    degraded = [upsample(decode_png(png.as_py()), size) for png in table["lr_image"]]
    return Faces(
        gt_image=gt_image,
        degraded=np.stack(degraded),
        identities=table["identity"].to_pylist(),
        images=table["image"].to_pylist(),
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class FaceReader:
    """The batch that begins after so many images; every second face of it is mirrored."""

    faces: Faces
    batch_size: int
    seed: int

    def __call__(self, images_seen: int) -> FaceBatch:
        """Return the batch."""
        rows = batch_indices(len(self.faces), self.batch_size, images_seen, self.seed)
        rng = np.random.default_rng(derive_seed(self.seed, "flip", images_seen))
        flipped = torch.from_numpy(rng.random(self.batch_size) < 1 / 2)[:, None, None, None]
        batch = make_batch(self.faces, rows, first_reference=int(rng.integers(NUM_REFERENCES)))
        return FaceBatch(
            gt_image=torch.where(flipped, batch.gt_image.flip(3), batch.gt_image),
            degraded=torch.where(flipped, batch.degraded.flip(3), batch.degraded),
            ref_image=torch.where(flipped[:, None], batch.ref_image.flip(4), batch.ref_image),
        )


def split_batches(faces: Faces, batch_size: int) -> list[FaceBatch]:
    """Cut faces into batches in their order, none mirrored; the last may be smaller."""
    return [
        make_batch(faces, np.arange(start, min(start + batch_size, len(faces))))
        for start in range(0, len(faces), batch_size)
    ]


@dataclasses.dataclass(frozen=True, kw_only=True)
class FaceData:
    """Faces to learn from, and faces of other people."""

    faces: Faces
    others: Faces
    seed: int
    digest: str
    """Of the shards."""

    def reader(self, batch_size: int) -> FaceReader:
        """Return what gives the batches."""
        return FaceReader(faces=self.faces, batch_size=batch_size, seed=self.seed)

    def first_faces(self) -> FaceBatch:
        """Return some faces to begin with."""
        return self.reader(NUM_FIRST_FACES)(0)

    def held_out(self) -> list[FaceBatch]:
        """Return all faces of other people."""
        return split_batches(self.others, MEASURED_BATCH)

    def facts(self) -> dict[str, str]:
        """Describe the faces for the card."""
        return count_people(self.faces.identities, self.others.identities, "faces", self.seed)


def read_face_data(files: Files, config: NetworkStage) -> FaceData:
    """Read faces of all scale factors.

    Raises:
        IdfsrError: See `read_faces`.
    """
    return FaceData(
        faces=read_faces(files["shards"], "pretrain"),
        others=read_faces(files["held_out"]),
        seed=config.seed,
        digest=digest_of_files(files["shards"]),
    )
