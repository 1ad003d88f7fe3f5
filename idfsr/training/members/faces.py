"""Faces with what low resolution leaves of them, as every member sees them in training."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from idfsr.data.degradation import upsample
from idfsr.data.images import decode_png
from idfsr.data.shards import read_shard
from idfsr.data.tensors import to_network
from idfsr.errors import IdfsrError
from idfsr.training.order import batch_indices, derive_seed


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


@dataclasses.dataclass(frozen=True, kw_only=True)
class FaceBatch:
    """What a loss sees; images are in [-1, 1]."""

    gt_image: Float[Tensor, "B 3 S S"]
    degraded: Float[Tensor, "B 3 S S"]


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
        gt_image, degraded = (
            torch.where(flipped, images.flip(3), images)
            for images in (to_network(self.faces.gt_image[rows]),
                           to_network(self.faces.degraded[rows]))
        )  # fmt: skip
        return FaceBatch(gt_image=gt_image, degraded=degraded)


def split_batches(faces: Faces, batch_size: int) -> list[FaceBatch]:
    """Cut faces into batches in their order, none mirrored; the last may be smaller."""
    return [
        FaceBatch(
            gt_image=to_network(faces.gt_image[start : start + batch_size]),
            degraded=to_network(faces.degraded[start : start + batch_size]),
        )
        for start in range(0, len(faces), batch_size)
    ]
