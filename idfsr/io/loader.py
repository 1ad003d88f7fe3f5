"""From shards to batches of tensors: a shuffled stream for training, one identity for the rest.

The stream is endless and every position in it is a pure function of (seed, position): epoch k is
the k-th permutation of the rows, and the flip and the reference of an example are drawn with
(seed, epoch, row). So a training that goes on at any number of images seen, with any number of
workers, sees what it would have seen.

The PNG bytes of the shards are held in memory and decoded for each batch, in the DataLoader's
workers if there are any, which share the bytes. That is 0.6 MB a row at 256 px with four
references: 5 GB for 9,000 images at one scale factor.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from idfsr.constants import ID_DIM, MIRRORED_LANDMARKS, NUM_LANDMARKS
from idfsr.errors import IdfsrError
from idfsr.io.degradation import fill_box, upsample
from idfsr.io.images import decode_png
from idfsr.io.parts import Part
from idfsr.io.shards import read_shard
from idfsr.io.tensors import to_network
from idfsr.training.signals import outlive_signals

FLIP_PROBABILITY = 0.5
"""Of the horizontal flip in training; IDFSR does not say, as DiffAE."""

_KEY = ["identity", "image", "scale_factor"]
_COLUMNS = [*_KEY, "gt_image", "lr_image", "mask_box", "z_id", "references"]


class Examples(TypedDict):
    """A batch; images are in [-1, 1]."""

    keys: list[str]
    """<identity>/<image>/x<scale factor>, e.g. "00082/3/x16"."""
    gt_image: Float[Tensor, "B 3 S S"]
    masked_lr: Float[Tensor, "B 3 S S"]
    """The low-resolution image, upsampled, with the face's box filled."""
    warped_ref: Float[Tensor, "B 3 S S"]
    landmarks: Float[Tensor, "B 5 2"]
    """Of the ground truth, (x, y) in pixels."""
    z_id: Float[Tensor, "B 512"]
    """Of the ground truth."""
    part: NotRequired[Part]
    """Where in the batch of a step these are; absent if they are all of it."""


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
    z_id: Float[Tensor, "B 512"]
    """Of the ground truth."""
    reference_z_id: Float[Tensor, "B K 512"]


def _keys(table: pa.Table) -> list[str]:
    columns = [table[name].to_pylist() for name in _KEY]
    return [f"{identity}/{image}/x{scale}" for identity, image, scale in zip(*columns, strict=True)]


def _matrix(column: pa.ChunkedArray) -> np.ndarray:
    rows = [chunk.flatten().to_numpy().reshape(len(chunk), -1) for chunk in column.chunks]
    return np.concatenate(rows)


def _references(
    table: pa.Table, images: Collection[str] | None = None
) -> tuple[list[list[bytes]], list[Float[np.ndarray, "K 512"]]]:
    """Return for each row the PNG of each warped reference, and their z_id.

    Args:
        table: Rows of a shard.
        images: Only references of these names; all if None.
    """
    pngs, z_ids = [], []
    for chunk in table["references"].chunks:
        references = chunk.flatten()
        warped = references.field("warped_ref").to_pylist()
        embeddings = references.field("z_id").flatten().to_numpy().reshape(-1, ID_DIM)
        names = references.field("image").to_pylist()
        ends = np.cumsum(chunk.value_lengths().to_numpy())
        for start, end in zip([0, *ends[:-1]], ends, strict=True):
            kept = [k for k in range(start, end) if images is None or names[k] in images]
            pngs.append([warped[k] for k in kept])
            z_ids.append(embeddings[kept])
    return pngs, z_ids


def _decode(pngs: Sequence[bytes]) -> Float[Tensor, "B 3 S S"]:
    return to_network(np.stack([decode_png(png) for png in pngs]))


def _masked_lr(
    pngs: Sequence[bytes], boxes: Int[np.ndarray, "B 4"], size: int
) -> Float[Tensor, "B 3 S S"]:
    images = to_network(np.stack([upsample(decode_png(png), size) for png in pngs]))
    filled = [
        fill_box(image, (x0, y0, x1, y1))
        for image, (x0, y0, x1, y1) in zip(images, boxes.tolist(), strict=True)
    ]
    return torch.stack(filled)


@lru_cache(maxsize=2)  # a batch may straddle two epochs
def epoch_order(num_rows: int, epoch: int, seed: int) -> Int[np.ndarray, "N"]:
    """Return the permutation of the rows in one epoch."""
    return np.random.default_rng([seed, epoch]).permutation(num_rows)


class ShardDataset(Dataset[Examples]):
    """Rows of shards as an endless shuffled stream of training examples.

    It is indexed by several positions in the stream, which gives a batch. Ground truth, its
    landmarks, masked low-resolution image and warped reference are flipped together; z_id stays
    that of the image as it was, whose embedding a flip hardly changes.

    Attributes:
        keys: Of the rows, in the order of the files.
        image_size: Side S, in pixels.
    """

    def __init__(self, paths: Sequence[Path], seed: int, part: str | None = None) -> None:
        """Read shards, possibly of several scale factors.

        Args:
            paths: The shards.
            seed: Of order, flips and choice of references.
            part: Only rows of this part; all if None.

        Raises:
            IdfsrError: A file is not a shard, there is no row, a row has no reference, or the
                shards differ in image size.
        """
        self.seed = seed
        self.keys: list[str] = []
        self._gt: list[bytes] = []
        self._lr: list[bytes] = []
        self._references: list[list[bytes]] = []
        boxes, z_ids, landmarks, sizes = [], [], [], {}
        for path in paths:
            table = read_shard([path], [*_COLUMNS, "landmarks"], part)
            if table.num_rows:
                self.keys += _keys(table)
                self._gt += table["gt_image"].to_pylist()
                self._lr += table["lr_image"].to_pylist()
                self._references += _references(table)[0]
                boxes.append(_matrix(table["mask_box"]))
                z_ids.append(_matrix(table["z_id"]))
                landmarks.append(_matrix(table["landmarks"]))
                sizes[path] = len(decode_png(table["gt_image"][0].as_py()))
        self._check(paths, sizes)
        self.image_size = next(iter(sizes.values()))
        self._mask_boxes = np.concatenate(boxes)
        self._z_ids = torch.from_numpy(np.concatenate(z_ids))
        points = np.concatenate(landmarks).reshape(-1, NUM_LANDMARKS, 2)
        self._landmarks = torch.from_numpy(points)

    def _check(self, paths: Sequence[Path], sizes: dict[Path, int]) -> None:
        if not sizes:
            names = ", ".join(map(str, paths))
            message = f"{names or 'no shard given'}: found no row, wanted training examples"
            raise IdfsrError(message)
        if len(set(sizes.values())) > 1:
            found = ", ".join(f"{path}: {size}" for path, size in sizes.items())
            message = f"shards of different image size, wanted one: {found}"
            raise IdfsrError(message)
        alone = [
            key for key, references in zip(self.keys, self._references, strict=True)
            if not references
        ]  # fmt: skip
        if alone:
            message = f"{alone[0]}: no reference ({len(alone)} such rows), wanted at least one"
            raise IdfsrError(message)

    def __len__(self) -> int:
        """Return the number of rows, which is the length of an epoch."""
        return len(self.keys)

    def __getitem__(self, positions: Sequence[int]) -> Examples:
        """Return the examples at these positions of the stream, in their order."""
        rows, flipped, references = [], [], []
        for position in positions:
            epoch, place = divmod(position, len(self))
            row = int(epoch_order(len(self), epoch, self.seed)[place])
            rng = np.random.default_rng([self.seed, epoch, row])
            flipped.append(bool(rng.random() < FLIP_PROBABILITY))
            references.append(self._references[row][rng.integers(len(self._references[row]))])
            rows.append(row)
        flip = torch.tensor(flipped)[:, None, None, None]

        def flip_some(images: Tensor) -> Tensor:
            return torch.where(flip, images.flip(-1), images)

        lr_images = [self._lr[row] for row in rows]
        landmarks = self._landmarks[rows]
        return {
            "keys": [self.keys[row] for row in rows],
            "gt_image": flip_some(_decode([self._gt[row] for row in rows])),
            "masked_lr": flip_some(_masked_lr(lr_images, self._mask_boxes[rows], self.image_size)),
            "warped_ref": flip_some(_decode(references)),
            "landmarks": torch.where(flip[..., 0], self._mirrored(landmarks), landmarks),
            "z_id": self._z_ids[rows],
        }

    def _mirrored(self, landmarks: Float[Tensor, "B 5 2"]) -> Float[Tensor, "B 5 2"]:
        x, y = landmarks[:, list(MIRRORED_LANDMARKS)].unbind(2)
        return torch.stack([self.image_size - x, y], dim=2)


class BatchReader:
    """The batch that begins after so many images, read ahead by the workers of a DataLoader."""

    def __init__(self, dataset: ShardDataset, parts: Sequence[Part], num_workers: int = 0) -> None:
        """Prepare to read.

        Args:
            dataset: The stream.
            parts: What is wanted of each batch, in turn; all batches are full, for the stream has
                no end.
            num_workers: Processes that decode; 0 decodes in this one, when asked.
        """
        self._dataset = dataset
        self._parts = tuple(parts)
        self._num_workers = num_workers
        self._next = (-1, 0)
        self._batches: Iterator[Examples] = iter(())

    def _start(self, images_seen: int) -> Iterator[Examples]:
        parts = self._parts  # a generator that held self would keep its workers from ending
        positions = (
            range(start + part.start, start + part.stop)
            for start in count(images_seen, parts[0].total)
            for part in parts
        )
        loader = DataLoader(
            self._dataset,
            sampler=positions,
            batch_size=None,
            num_workers=self._num_workers,
            pin_memory=torch.cuda.is_available(),
            worker_init_fn=outlive_signals,
            generator=torch.Generator(),  # else it would draw from the training's own
        )
        return iter(loader)

    def __call__(self, images_seen: int, part: Part) -> Examples:
        """Return a part of a batch; fast if it follows the one before.

        Args:
            images_seen: Where the batch begins in the stream.
            part: One of those wanted; the first one may follow anything.
        """
        index = self._parts.index(part)
        if (images_seen, index) != self._next:
            assert index == 0
            self._batches = self._start(images_seen)
        last = index == len(self._parts) - 1
        self._next = (images_seen + part.total, 0) if last else (images_seen, index + 1)
        batch = next(self._batches)
        batch["part"] = part
        return batch


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
    table = read_shard(paths, [*_COLUMNS, "lr_landmarks"], part, identity)
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
    warped, z_ids = _references(table, images)
    counts = {len(pngs) for pngs in warped}
    if len(counts) > 1 or 0 in counts:
        message = f"{name}: found {sorted(counts)} references, wanted one number, at least 1" + (
            " (more shards.num_references give each image all the others)" if images else ""
        )
        raise IdfsrError(message)
    gt_image = _decode(table["gt_image"].to_pylist())
    lr_pngs = table["lr_image"].to_pylist()
    points = _matrix(table["lr_landmarks"]).reshape(-1, NUM_LANDMARKS, 2)
    return {
        "keys": _keys(table),
        "images": table["image"].to_pylist(),
        "gt_image": gt_image,
        "lr_image": _decode(lr_pngs),
        "lr_landmarks": torch.from_numpy(points),
        "masked_lr": _masked_lr(lr_pngs, _matrix(table["mask_box"]), gt_image.shape[-1]),
        "warped_ref": torch.stack([_decode(pngs) for pngs in warped]),
        "ref_landmarks": _ref_landmarks(paths, identity, part, images),
        "z_id": torch.from_numpy(_matrix(table["z_id"])),
        "reference_z_id": torch.from_numpy(np.stack(z_ids)),
    }


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


def load_ref_images(paths: Sequence[Path], identity: str, part: str) -> Float[Tensor, "B K 3 S S"]:
    """Return the references of an identity's examples as they are, not warped.

    They are the ground truth of other rows: of a test image, fit images.

    Args:
        paths: Shards of one scale factor, which hold the references too.
        identity: Its name.
        part: Of the examples, in the order of `load_identity`.

    Returns:
        In [-1, 1]; NaN for a reference whose own row the shards lack, since it has no reference.
    """
    pngs, names = _of_references(paths, identity, part, "gt_image")
    decoded = dict(zip(pngs, _decode(list(pngs.values())), strict=True))
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
