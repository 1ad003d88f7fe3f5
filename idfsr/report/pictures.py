"""Images of the tables as arrays, without torch: decoding, enlarging, marking."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from jaxtyping import UInt8
from PIL import Image

from idfsr.errors import IdfsrError
from idfsr.io.shards import read_shard

MASK_LEVEL = 128
"""Grey of the masked face: 0 in [-1, 1]."""


def read_tests(shards: Sequence[Path], columns: Sequence[str]) -> pa.Table:
    """Read columns of the test images of shards.

    Raises:
        IdfsrError: There is no test image, or see `read_shard`.
    """
    rows = read_shard(shards, columns, part="test")
    if not len(rows):
        message = f"{shards[0]}: no image of the part test, wanted the shards of the test"
        raise IdfsrError(message)
    return rows


def decode(data: bytes) -> UInt8[np.ndarray, "H W 3"]:
    """Decode a PNG of a table."""
    with Image.open(io.BytesIO(data)) as image:
        return np.array(image.convert("RGB"))


def resize_nearest(image: UInt8[np.ndarray, "H W 3"], size: int) -> UInt8[np.ndarray, "H2 W2 3"]:
    """Bring an image to a square, so that its pixels can be seen where it grows.

    Args:
        image: RGB.
        size: Side of the result in pixels; an image that shrinks is averaged (Lanczos).
    """
    smaller = max(image.shape[:2]) > size
    method = Image.Resampling.LANCZOS if smaller else Image.Resampling.NEAREST
    return np.array(Image.fromarray(image).resize((size, size), method))


def enlarge(lr_image: UInt8[np.ndarray, "H W 3"], size: int) -> UInt8[np.ndarray, "size size 3"]:
    """Enlarge a low-resolution image as the networks see it: Pillow's bicubic."""
    return np.array(Image.fromarray(lr_image).resize((size, size), Image.Resampling.BICUBIC))


def mask_box(
    image: UInt8[np.ndarray, "H W 3"], box: tuple[int, int, int, int]
) -> UInt8[np.ndarray, "H W 3"]:
    """Fill the box over the face with grey, as the networks see it.

    Convention: (x0, y0, x1, y1) in pixels, half-open.
    """
    x0, y0, x1, y1 = box
    masked = image.copy()
    masked[y0:y1, x0:x1] = MASK_LEVEL
    return masked
