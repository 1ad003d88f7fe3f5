"""From the rows of shards to tensors: all examples of one person.

The PNG bytes are decoded when they are asked for.
"""

import math
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor
from torch.nn import functional

from idfsr.constants import NUM_LANDMARKS
from idfsr.errors import IdfsrError
from idfsr.io.degradation import fill_box, upsample
from idfsr.io.images import decode_png
from idfsr.io.shards import read_shard
from idfsr.io.tensors import to_network

_KEY = ["identity", "image", "scale_factor"]
EXAMPLE_COLUMNS = [*_KEY, "gt_image", "lr_image", "mask_box", "z_id", "references"]


class IdentityExamples(TypedDict):
    """All examples of one identity in one part; images are in [-1, 1]."""

    keys: list[str]
    images: list[str]
    """Names within the identity."""
    gt_image: Float[Tensor, "B 3 S S"]
    lr_image: Float[Tensor, "B 3 s s"]
    masked_lr: Float[Tensor, "B 3 S S"]
    lr_landmarks: Float[Tensor, "B 5 2"]
    """Found in the low-resolution image, (x, y) in pixels of the ground truth."""
    warped_ref: Float[Tensor, "B K 3 S S"]
    """Warped onto each example; the first of the K is "the" reference of the tables."""
    ref_image: NotRequired[Float[Tensor, "B K 3 S S"]]
    """The same as they are; see `load_ref_images`."""
    ref_landmarks: NotRequired[Float[Tensor, "B K 5 2"]]
    """Of the references as they are, (x, y) in pixels; NaN as in `load_ref_images`."""
    z_id: Float[Tensor, "B D"]
    """Of the ground truth."""
    reference_z_id: Float[Tensor, "B K D"]
    mean_z_id: NotRequired[Float[Tensor, "B D"]]
    """Of the fit images of the person, the same for each example; see `load_mean_z_id`."""


def example_keys(table: pa.Table) -> list[str]:
    """Return the key of each row of a shard, <identity>/<image>/x<scale factor>."""
    columns = [table[name].to_pylist() for name in _KEY]
    return [f"{identity}/{image}/x{scale}" for identity, image, scale in zip(*columns, strict=True)]


def read_matrix(column: pa.ChunkedArray) -> Shaped[np.ndarray, "N D"]:
    """Return a column of lists of one length as a matrix, a row each."""
    chunks = [chunk for chunk in column.chunks if len(chunk)]  # a row group may have no such row
    return np.concatenate([chunk.flatten().to_numpy().reshape(len(chunk), -1) for chunk in chunks])


def read_references(
    table: pa.Table, images: Collection[str] | None = None
) -> tuple[list[list[bytes]], list[Float[np.ndarray, "K D"]]]:
    """Return for each row the PNG of each warped reference, and their z_id.

    Args:
        table: Rows of a shard.
        images: Only references of these names; all if None.
    """
    pngs, z_ids = [], []
    for chunk in table["references"].chunks:
        references = chunk.flatten()
        warped = references.field("warped_ref").to_pylist()
        column = references.field("z_id")
        embeddings = column.flatten().to_numpy().reshape(-1, column.type.list_size)
        names = references.field("image").to_pylist()
        counts = chunk.value_lengths().to_numpy()
        ends = np.cumsum(counts)
        for start, end in zip(ends - counts, ends, strict=True):
            kept = [k for k in range(start, end) if images is None or names[k] in images]
            pngs.append([warped[k] for k in kept])
            z_ids.append(embeddings[kept])
    return pngs, z_ids


def decode_images(pngs: Sequence[bytes]) -> Float[Tensor, "B 3 S S"]:
    """Decode PNG files of one size, to [-1, 1]."""
    return to_network(np.stack([decode_png(png) for png in pngs]))


def read_masked_lr(
    pngs: Sequence[bytes], boxes: Int[np.ndarray, "B 4"], size: int
) -> Float[Tensor, "B 3 S S"]:
    """Enlarge low-resolution images, and fill the box of the face of each.

    Args:
        pngs: Files of one size.
        boxes: x0, y0, x1, y1 in pixels of the enlarged image.
        size: Side of the enlarged image in pixels.

    Returns:
        In [-1, 1].
    """
    images = to_network(np.stack([upsample(decode_png(png), size) for png in pngs]))
    filled = [
        fill_box(image, (x0, y0, x1, y1))
        for image, (x0, y0, x1, y1) in zip(images, boxes.tolist(), strict=True)
    ]
    return torch.stack(filled)


def load_identity(
    paths: Sequence[Path], identity: str, part: str, num_images: int = 0
) -> IdentityExamples:
    """Return all examples of an identity in one part, unflipped, in the order of the shards.

    Args:
        paths: Shards of one scale factor.
        identity: Its name.
        part: E.g. "fit" or "test".
        num_images: Only the first so many, each with those of its references that are among them;
            0 takes all.

    Raises:
        IdfsrError: There is no such row, or fewer than are wanted; the rows are of several scale
            factors, or they do not have the same number of references, at least one.
    """
    table = read_shard(paths, [*EXAMPLE_COLUMNS, "lr_landmarks"], part, identity)
    name = f"{', '.join(map(str, paths))}: {part} rows of {identity}"
    if not table.num_rows:
        message = f"{name}: found none, wanted at least one"
        raise IdfsrError(message)
    scale_factors = sorted(set(table["scale_factor"].to_pylist()))
    if len(scale_factors) > 1:
        message = f"{name}: found scale factors {scale_factors}, wanted one"
        raise IdfsrError(message)
    if table.num_rows < num_images:
        message = f"{name}: found {table.num_rows}, wanted {num_images}"
        raise IdfsrError(message)
    images = None
    if num_images:
        table = table.slice(0, num_images)
        images = table["image"].to_pylist()
    warped, z_ids = read_references(table, images)
    counts = {len(pngs) for pngs in warped}
    if len(counts) > 1 or 0 in counts:
        message = f"{name}: found {sorted(counts)} references, wanted one number, at least 1" + (
            " (more shards.num_references give each image all the others)" if images else ""
        )
        raise IdfsrError(message)
    gt_image = decode_images(table["gt_image"].to_pylist())
    lr_pngs = table["lr_image"].to_pylist()
    points = read_matrix(table["lr_landmarks"]).reshape(-1, NUM_LANDMARKS, 2)
    return {
        "keys": example_keys(table),
        "images": table["image"].to_pylist(),
        "gt_image": gt_image,
        "lr_image": decode_images(lr_pngs),
        "lr_landmarks": torch.from_numpy(points),
        "masked_lr": read_masked_lr(lr_pngs, read_matrix(table["mask_box"]), gt_image.shape[-1]),
        "warped_ref": torch.stack([decode_images(pngs) for pngs in warped]),
        "ref_landmarks": _ref_landmarks(paths, identity, part, images),
        "z_id": torch.from_numpy(read_matrix(table["z_id"])),
        "reference_z_id": torch.from_numpy(np.stack(z_ids)),
    }


def mean_direction(z_ids: Float[Tensor, "*B K D"]) -> Float[Tensor, "*B D"]:
    """Return the mean of several ID embeddings, of unit norm."""
    return functional.normalize(z_ids.mean(dim=-2), dim=-1)


def load_mean_z_id(paths: Sequence[Path], identity: str, num_images: int = 0) -> Float[Tensor, "D"]:
    """Return the mean direction of z_id of an identity's fit images.

    Args:
        paths: Shards of one scale factor.
        identity: Its name.
        num_images: Only the first so many; 0 takes all.

    Raises:
        IdfsrError: There is none, or fewer than are wanted.
    """
    table = read_shard(paths, ["z_id"], "fit", identity)
    if table.num_rows < max(num_images, 1):
        message = (
            f"{', '.join(map(str, paths))}: fit rows of {identity}: "
            f"found {table.num_rows}, wanted {max(num_images, 1)}"
        )
        raise IdfsrError(message)
    z_ids = torch.from_numpy(read_matrix(table["z_id"]))
    return mean_direction(z_ids[:num_images] if num_images else z_ids)


def _of_references(
    paths: Sequence[Path], identity: str, part: str, column: str
) -> tuple[dict[str, Any], list[list[str]]]:
    """Return a column by image name, and the names of the references of each example."""
    rows = read_shard(paths, ["image", "part", column, "references"], identity=identity)
    values = dict(zip(rows["image"].to_pylist(), rows[column].to_pylist(), strict=True))
    examples = rows.filter(pc.equal(rows["part"], part))
    names = [
        [reference["image"] for reference in references]
        for references in examples["references"].to_pylist()
    ]
    return values, names


def load_ref_images(
    paths: Sequence[Path], identity: str, part: str, size: int = 0
) -> Float[Tensor, "B K 3 S S"]:
    """Return the references of an identity's examples as they are, not warped.

    They are the ground truth of other rows: of a test image, fit images. For a network that takes
    larger ones, the shards may hold the same photographs in another size.

    Args:
        paths: Shards of one scale factor, which hold the references too.
        identity: Its name.
        part: Of the examples, in the order of `load_identity`.
        size: Side in pixels of what the network takes.

    Returns:
        In [-1, 1]; NaN for a reference whose own row the shards lack, since it has no reference.
    """
    pngs, names = _of_references(paths, identity, part, "gt_image")
    if size > len(decode_png(next(iter(pngs.values())))):
        larger, _ = _of_references(paths, identity, part, "ref_image")
        held = {name: png for name, png in larger.items() if png is not None}
        pngs = (
            held if {name for row in names for name in row} & pngs.keys() <= held.keys() else pngs
        )
    decoded = dict(zip(pngs, decode_images(list(pngs.values())), strict=True))
    missing = torch.full_like(next(iter(decoded.values())), torch.nan)
    return torch.stack([torch.stack([decoded.get(name, missing) for name in row]) for row in names])


def _ref_landmarks(
    paths: Sequence[Path], identity: str, part: str, images: Collection[str] | None
) -> Float[Tensor, "B K 5 2"]:
    """Return the landmarks of the references, of the images named only; NaN where unknown."""
    points, names = _of_references(paths, identity, part, "landmarks")
    if images is not None:
        names = [[name for name in row if name in images] for row in names[: len(images)]]
    missing = [math.nan] * (2 * NUM_LANDMARKS)
    values = torch.tensor([[points.get(name, missing) for name in row] for row in names])
    return torch.unflatten(values, 2, (NUM_LANDMARKS, 2))
