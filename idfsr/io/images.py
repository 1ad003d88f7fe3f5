"""Images on disk and in memory: uint8 RGB, height x width x 3.

`idfsr.io.tensors` brings them to the range of the networks and back.
"""

import io
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

from idfsr.errors import IdfsrError

Filter = Literal["bicubic", "lanczos", "bilinear"]

_RESAMPLING = {
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "bilinear": Image.Resampling.BILINEAR,
}
_PNG_LEVEL = 1  # 3 % larger than zlib's default on faces, several times as fast


class UnreadableImageError(IdfsrError):
    """A file that cannot be decoded, with the reason in words for a table.

    Attributes:
        reason: E.g. "not an image" or "truncated".
    """

    def __init__(self, reason: str, source: str = "image") -> None:
        super().__init__(f"{source}: {reason}, wanted a complete image file")
        self.reason = reason


def decode_image(data: bytes, source: str = "image") -> UInt8[np.ndarray, "H W 3"]:
    """Decode the bytes of an image file of any format that Pillow knows.

    Args:
        data: The whole file.
        source: What to call it in an error.

    Returns:
        RGB, turned upright by its EXIF orientation. Transparency is dropped, grey is repeated.

    Raises:
        UnreadableImageError: "not an image", "truncated", or what else Pillow says.
    """
    try:
        with Image.open(io.BytesIO(data)) as opened:
            opened.load()
            return np.array(ImageOps.exif_transpose(opened).convert("RGB"))
    except UnidentifiedImageError:
        reason = "not an image" if data else "empty file"
    except Image.DecompressionBombError:
        reason = "too many pixels"
    except (OSError, SyntaxError, ValueError) as error:  # Pillow's signs of broken content
        text = " ".join(str(error).lower().split())
        reason = "truncated" if "truncated" in text else f"broken: {text}"
    raise UnreadableImageError(reason, source)


def read_image(path: Path) -> UInt8[np.ndarray, "H W 3"]:
    """Read an image file; see `decode_image`.

    Raises:
        UnreadableImageError: The file is missing or cannot be decoded.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise UnreadableImageError(reason, str(path)) from None
    return decode_image(data, str(path))


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
