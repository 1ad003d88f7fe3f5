"""Aligned face crops with labels: what the ID encoder and the attribute network are trained on.

All crops are decoded once and stay in memory as bytes. A tenth of the identities is held out, so
that the figures of a network are of people it has not seen.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from idfsr.constants import ARCFACE_SIZE
from idfsr.errors import IdfsrError
from idfsr.io.images import decode_png
from idfsr.io.tables import read_table
from idfsr.io.tensors import to_network
from idfsr.training.augment import augment
from idfsr.training.networks.record import count_people
from idfsr.training.order import batch_indices, derive_seed

HELD_OUT_FRACTION = 0.1
"""Share of the identities that no network is trained on."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Crops:
    """Crops and what is known of them, one table row a crop."""

    pixels: UInt8[np.ndarray, "N 112 112 3"]
    labels: pd.DataFrame
    """Columns identity and image, and the labels that were asked for."""

    def __len__(self) -> int:
        return len(self.pixels)

    def take(self, rows: Bool[np.ndarray, "N"]) -> "Crops":
        """Return some of the crops."""
        labels = self.labels[rows].reset_index(drop=True)
        return Crops(pixels=self.pixels[rows], labels=labels)


@dataclasses.dataclass(frozen=True, kw_only=True)
class CropBatch:
    """What a loss over crops sees."""

    images: Float[Tensor, "B 3 112 112"]
    """Augmented, in [-1, 1]."""
    targets: Tensor
    """One row a crop."""
    images_seen: int
    """Before this batch."""


def read_crops(path: Path, labels: Sequence[str] = ()) -> Crops:
    """Read a table of crops.

    Args:
        path: Parquet with the columns identity, image, crop (PNG of 112 x 112 pixels).
        labels: Columns wanted beside them.

    Raises:
        IdfsrError: The table lacks a column or is empty, or a crop has another size.
    """
    table = read_table(path, columns=["identity", "image", "crop", *labels])
    if table.empty:
        message = f"{path}: found no rows, wanted face crops"
        raise IdfsrError(message)
    pixels = np.empty((len(table), ARCFACE_SIZE, ARCFACE_SIZE, 3), dtype=np.uint8)
    for index, crop in enumerate(table["crop"]):
        decoded = decode_png(crop)
        if decoded.shape != pixels.shape[1:]:
            message = f"{path}: found a crop of shape {decoded.shape}, wanted {pixels.shape[1:]}"
            raise IdfsrError(message)
        pixels[index] = decoded
    return Crops(pixels=pixels, labels=table.drop(columns="crop"))


def hold_out(crops: Crops, seed: int, source: Path) -> tuple[Crops, Crops]:
    """Split crops by identity into those to train on and those held out.

    Args:
        crops: Of at least ten identities.
        seed: Of the run.
        source: What to call the crops in an error.

    Raises:
        IdfsrError: Too few identities.
    """
    identities = np.unique(crops.labels["identity"].to_numpy(dtype=str))
    num_held_out = round(HELD_OUT_FRACTION * len(identities))
    if num_held_out < 1:
        message = f"{source}: found {len(identities)} identities, wanted 10 or more"
        raise IdfsrError(message)
    order = np.random.default_rng(derive_seed(seed, "held out")).permutation(len(identities))
    held_out = identities[order[:num_held_out]]
    inside = crops.labels["identity"].isin(held_out).to_numpy(dtype=bool)
    return crops.take(~inside), crops.take(inside)


@dataclasses.dataclass(frozen=True, kw_only=True)
class CropReader:
    """The augmented batch that begins after so many images."""

    crops: Crops
    targets: Tensor
    """One row a crop."""
    batch_size: int
    seed: int
    sizes: tuple[int, ...]
    """See `idfsr.training.augment.lose_resolution`."""

    def __call__(self, images_seen: int) -> CropBatch:
        """Return the batch."""
        rows: Int[np.ndarray, "B"] = batch_indices(
            len(self.crops), self.batch_size, images_seen, self.seed
        )
        generator = torch.Generator().manual_seed(derive_seed(self.seed, "augment", images_seen))
        images = augment(to_network(self.crops.pixels[rows]), self.sizes, generator)
        targets = self.targets[torch.from_numpy(rows)]
        return CropBatch(images=images, targets=targets, images_seen=images_seen)


@dataclasses.dataclass(frozen=True, kw_only=True)
class CropData:
    """Crops to learn from, and crops of other people."""

    inside: Crops
    """To learn from."""
    outside: Crops
    """Of people held out."""
    targets: Tensor
    """Of those to learn from, one row a crop."""
    sizes: tuple[int, ...]
    """See `CropReader`."""
    seed: int
    digest: str
    """Of the table."""

    def reader(self, batch_size: int) -> CropReader:
        """Return what gives the batches."""
        return CropReader(
            crops=self.inside,
            targets=self.targets,
            batch_size=batch_size,
            seed=self.seed,
            sizes=self.sizes,
        )

    def facts(self) -> dict[str, str]:
        """Describe the crops for the card."""
        trained, held_out = (part.labels["identity"] for part in (self.inside, self.outside))
        facts = count_people(trained, held_out, "crops", self.seed)
        return {"data": "rendered people, population `training`", **facts}
