"""From shards to batches of tensors: a shuffled stream for training, one identity for the rest.

The stream is endless and every position in it is a pure function of (seed, position): epoch k is
the k-th permutation of the rows, and the flip and the reference of an example are drawn with
(seed, epoch, row). So a training that goes on at any number of images seen, with any number of
workers, sees what it would have seen.

The PNG bytes of the shards are held in memory and decoded for each batch, in the DataLoader's
workers if there are any, which share the bytes. That is 0.6 MB a row at 256 px with four
references: 5 GB for 9,000 images at one scale factor.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import NotRequired, TypedDict

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from idfsr.constants import MIRRORED_LANDMARKS, NUM_LANDMARKS
from idfsr.errors import IdfsrError
from idfsr.io.examples import (
    EXAMPLE_COLUMNS,
    decode_images,
    example_keys,
    read_masked_lr,
    read_matrix,
    read_references,
)
from idfsr.io.images import decode_png
from idfsr.io.shards import read_shard
from idfsr.training.batch_slices import BatchSlice
from idfsr.training.signals import outlive_signals

FLIP_PROBABILITY = 0.5
"""Of the horizontal flip in training, as DiffAE. The paper does not say; docs/decisions/0019."""


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
    z_id: Float[Tensor, "B D"]
    """Of the ground truth."""
    batch_slice: NotRequired[BatchSlice]
    """Where in the batch of a step these are; absent if they are all of it."""


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
        self.read_references: list[list[bytes]] = []
        boxes, z_ids, landmarks, sizes = [], [], [], {}
        for path in paths:
            table = read_shard([path], [*EXAMPLE_COLUMNS, "landmarks"], part)
            if table.num_rows:
                self.keys += example_keys(table)
                self._gt += table["gt_image"].to_pylist()
                self._lr += table["lr_image"].to_pylist()
                self.read_references += read_references(table)[0]
                boxes.append(read_matrix(table["mask_box"]))
                z_ids.append(read_matrix(table["z_id"]))
                landmarks.append(read_matrix(table["landmarks"]))
                sizes[path] = len(decode_png(table["gt_image"][0].as_py()))
        self._check(paths, sizes)
        self.image_size = next(iter(sizes.values()))
        self._mask_boxes = np.concatenate(boxes)
        self._z_ids = torch.from_numpy(np.concatenate(z_ids))
        points = np.concatenate(landmarks).reshape(-1, NUM_LANDMARKS, 2)
        self._landmarks = torch.from_numpy(points)

    @property
    def id_dim(self) -> int:
        """Length of z_id."""
        return self._z_ids.shape[1]

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
            key for key, references in zip(self.keys, self.read_references, strict=True)
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
            references.append(
                self.read_references[row][rng.integers(len(self.read_references[row]))]
            )
            rows.append(row)
        flip = torch.tensor(flipped)[:, None, None, None]

        def flip_some(images: Tensor) -> Tensor:
            return torch.where(flip, images.flip(-1), images)

        lr_images, size = [self._lr[row] for row in rows], self.image_size
        landmarks = self._landmarks[rows]
        return {
            "keys": [self.keys[row] for row in rows],
            "gt_image": flip_some(decode_images([self._gt[row] for row in rows])),
            "masked_lr": flip_some(read_masked_lr(lr_images, self._mask_boxes[rows], size)),
            "warped_ref": flip_some(decode_images(references)),
            "landmarks": torch.where(flip[..., 0], self._mirrored(landmarks), landmarks),
            "z_id": self._z_ids[rows],
        }

    def _mirrored(self, landmarks: Float[Tensor, "B 5 2"]) -> Float[Tensor, "B 5 2"]:
        x, y = landmarks[:, list(MIRRORED_LANDMARKS)].unbind(2)
        return torch.stack([self.image_size - x, y], dim=2)


class BatchReader:
    """The batch that begins after so many images, read ahead by the workers of a DataLoader."""

    def __init__(
        self, dataset: ShardDataset, slices: Sequence[BatchSlice], num_workers: int = 0
    ) -> None:
        """Prepare to read.

        Args:
            dataset: The stream.
            slices: What is wanted of each batch, in turn; all batches are full, for the stream has
                no end.
            num_workers: Processes that decode; 0 decodes in this one, when asked.
        """
        self._dataset = dataset
        self._slices = tuple(slices)
        self._num_workers = num_workers
        self._next = (-1, 0)
        self._batches: Iterator[Examples] = iter(())

    def _start(self, images_seen: int) -> Iterator[Examples]:
        slices = self._slices  # a generator that held self would keep its workers from ending
        positions = (
            range(start + batch_slice.start, start + batch_slice.stop)
            for start in count(images_seen, slices[0].total)
            for batch_slice in slices
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

    def __call__(self, images_seen: int, batch_slice: BatchSlice) -> Examples:
        """Return a slice of a batch; fast if it follows the one before.

        Args:
            images_seen: Where the batch begins in the stream.
            batch_slice: One of those wanted; the first one may follow anything.
        """
        index = self._slices.index(batch_slice)
        if (images_seen, index) != self._next:
            assert index == 0
            self._batches = self._start(images_seen)
        last = index == len(self._slices) - 1
        self._next = (images_seen + batch_slice.total, 0) if last else (images_seen, index + 1)
        batch = next(self._batches)
        batch["batch_slice"] = batch_slice
        return batch
