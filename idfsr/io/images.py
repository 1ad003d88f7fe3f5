"""Images on disk and in memory: uint8 RGB, height x width x 3.

`idfsr.io.tensors` brings them to the range of the networks and back.
"""

import hashlib
import io
import sys
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from jaxtyping import UInt8
from PIL import Image

from idfsr.errors import IdfsrError
from idfsr.io.decoding import Copy, UnreadableImageError, decode_copy, decode_image

Filter = Literal["bicubic", "lanczos", "bilinear"]

_RESAMPLING = {
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "bilinear": Image.Resampling.BILINEAR,
}
_PNG_LEVEL = 1  # 3 % larger than zlib's default on faces, several times as fast


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise UnreadableImageError(reason, str(path)) from None


def read_image(path: Path) -> UInt8[np.ndarray, "H W 3"]:
    """Read an image file; see `decode_image`.

    Raises:
        UnreadableImageError: The file is missing or cannot be decoded.
    """
    return decode_image(_read_bytes(path), str(path))


def read_photograph(path: Path, sha256: str) -> UInt8[np.ndarray, "H W 3"]:
    """Read a photograph of the manifest in full; see `read_copy`."""
    return read_copy(path, sha256, 0).image


def read_copy(path: Path, sha256: str, side: int) -> Copy:
    """Read a photograph of the manifest, which must be as it was when it was indexed.

    Args:
        path: Of the file.
        sha256: Of its bytes, as the manifest has it.
        side: See `decode_copy`.

    Raises:
        IdfsrError: The file has changed since, is missing or cannot be decoded.
    """
    data = _read_bytes(path)
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        message = (
            f"{path}: found sha256 {found[:16]}, wanted {sha256[:16]} of the manifest: it has "
            "changed since the index; run the workflow again"
        )
        raise IdfsrError(message)
    return decode_copy(data, side, str(path), max_pixels=sys.maxsize)  # the index had a limit


def encode_png(image: UInt8[np.ndarray, "H W 3"]) -> bytes:
    """Encode an RGB image as PNG; the same pixels give the same bytes."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="PNG", compress_level=_PNG_LEVEL)
    return buffer.getvalue()


def decode_png(data: bytes) -> UInt8[np.ndarray, "H W 3"]:
    """Decode an image that `encode_png` wrote, with OpenCV: twice as fast as `decode_image`.

    Raises:
        UnreadableImageError: It is not a complete PNG file.
    """
    levels = np.frombuffer(data, np.uint8)
    image = cv2.imdecode(levels, cv2.IMREAD_COLOR_RGB) if levels.size else None
    if image is None:
        raise UnreadableImageError("truncated" if data else "empty file", "PNG bytes of a table")
    return np.asarray(image)


def resize(
    image: UInt8[np.ndarray, "H W 3"], size: tuple[int, int], method: Filter
) -> UInt8[np.ndarray, "height width 3"]:
    """Resample an image with Pillow, which widens the filter when it makes images smaller.

    Args:
        image: RGB.
        size: Height and width wanted, in pixels.
        method: Bicubic has a = -0.5, unlike OpenCV's and PyTorch's -0.75.
    """
    height, width = size
    return np.array(Image.fromarray(image).resize((width, height), _RESAMPLING[method]))
