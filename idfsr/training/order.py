"""In what order a training sees its items: a function of the seed and the images seen."""

import hashlib

import numpy as np
from jaxtyping import Int

from idfsr.training.batches import epoch_order


def derive_seed(*parts: int | str) -> int:
    """Return a seed in [0, 2**63) that changes with every part.

    Hashed, because generators that look at the lower bits only would take neighbouring seeds for
    one another.
    """
    text = "/".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) >> 1


def batch_indices(
    num_items: int, batch_size: int, images_seen: int, seed: int
) -> Int[np.ndarray, "B"]:
    """Return the items of the batch that begins after so many images.

    The epochs follow one another without a gap, so every batch is full, and where a training
    resumes nothing need be replayed.

    Args:
        num_items: Size of the data set.
        batch_size: Items wanted.
        images_seen: Items given out before.
        seed: Of the run.
    """
    positions = np.arange(images_seen, images_seen + batch_size)
    epochs, places = positions // num_items, positions % num_items
    indices = np.empty(batch_size, dtype=np.int64)
    for epoch in np.unique(epochs):
        inside = epochs == epoch
        indices[inside] = epoch_order(num_items, int(epoch), seed)[places[inside]]
    return indices
