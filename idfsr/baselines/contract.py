"""What a method of the tables must do, and how it is run on the test images of one person.

A method of one's own is a file beside this one with a class of this shape, and its name in
`idfsr.baselines.registry`.
"""

from collections.abc import Iterator
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
import pandas as pd
import pyarrow as pa
from jaxtyping import UInt8
from tqdm import tqdm

from idfsr.data.images import encode_png
from idfsr.data.loader import IdentityExamples

RESTORED_SCHEMA = pa.schema(
    {
        "identity": pa.string(),
        "image": pa.string(),
        "scale_factor": pa.int32(),
        "method": pa.string(),
        "sr_image": pa.binary(),
        "model_digest": pa.string(),
    }
)
"""One row for each test image; `sr_image` is a PNG of the size of the ground truth."""


@runtime_checkable
class Method(Protocol):
    """A way to restore faces."""

    @property
    def name(self) -> str:
        """As in the tables."""

    @property
    def model_digest(self) -> str:
        """Of the weights; empty without any."""

    def restore(self, examples: IdentityExamples) -> UInt8[np.ndarray, "B S S 3"]:
        """Restore a batch.

        The result for an image depends on that image's row alone, not on the others of the batch;
        random numbers are seeded by its key. The ground truth serves for its size only.
        """


def split_examples(examples: IdentityExamples, batch_size: int) -> Iterator[IdentityExamples]:
    """Cut examples into batches in their order; the last may be smaller."""
    for start in range(0, len(examples["keys"]), batch_size):
        rows = slice(start, start + batch_size)
        columns = cast("dict[str, Any]", examples)
        yield cast("IdentityExamples", {name: column[rows] for name, column in columns.items()})


def restore_identity(
    method: Method,
    examples: IdentityExamples,
    identity: str,
    scale_factor: int,
    batch_size: int,
) -> pd.DataFrame:
    """Restore all test images of one person.

    Args:
        method: How.
        examples: The images.
        identity: The person's name.
        scale_factor: Of the images.
        batch_size: Images at a time.

    Returns:
        The columns of `RESTORED_SCHEMA`.
    """
    sr_images: list[bytes] = []
    with tqdm(desc=f"restore {identity}", total=len(examples["keys"]), unit="img") as bar:
        for batch in split_examples(examples, batch_size):
            sr_images += [encode_png(image) for image in method.restore(batch)]
            bar.update(len(batch["keys"]))
    return pd.DataFrame(
        {
            "identity": identity,
            "image": examples["images"],
            "scale_factor": scale_factor,
            "method": method.name,
            "sr_image": sr_images,
            "model_digest": method.model_digest,
        }
    )
