"""A photograph as its file has it, so that a restored face is added to its own pixels.

The networks see sRGB of 8 bits; the face is added in the file's own mode and colour profile, and
everything else is written as it was read. docs/photographs.md has the modes as a table.
"""

import dataclasses
import io
from pathlib import Path

import numpy as np
from jaxtyping import Float, Num, UInt8
from PIL import Image, ImageCms, ImageOps

from idfsr.io.decoding import FORMATS, SRGB, UnreadableImageError, decode_image

_KEPT = ("L", "LA", "RGB", "RGBA", "I;16")
"""Modes that a PNG holds as they are."""
_WIDENED = {"1": "L", "P": "RGB", "PA": "RGBA"}
"""Modes that have no room for new colours, and what holds the same values."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Original:
    """A photograph, upright."""

    image: Image.Image
    """In one of the modes L, LA, RGB, RGBA and I;16, which a PNG holds."""
    rgb: UInt8[np.ndarray, "H W 3"]
    """What the networks see, in sRGB."""
    profile: bytes | None
    """Its colour profile (ICC)."""
    exif: bytes
    """Without the orientation, for the photograph is upright; empty if it has none."""

    @property
    def is_grey(self) -> bool:
        """Whether one of its channels holds all of its light; else three hold its colours."""
        return not self.image.mode.startswith("RGB")

    def enlarged(self, factor: int) -> Num[np.ndarray, "height width channels"]:
        """Return its values, bicubically enlarged by a whole factor; of 1 as they are."""
        image = self.image
        if factor > 1:
            size = (image.width * factor, image.height * factor)
            image = image.resize(size, Image.Resampling.BICUBIC)
        values = np.array(image)
        return values.reshape(*values.shape[:2], -1)

    def in_own_colours(self, rgb: UInt8[np.ndarray, "H W 3"]) -> Float[np.ndarray, "H W colours"]:
        """Return what an image in sRGB is in the mode and the profile of the photograph."""
        mode = "L" if self.is_grey else "RGB"
        image = Image.fromarray(rgb)
        if self.profile and self.image.mode != "I;16":
            own = ImageCms.ImageCmsProfile(io.BytesIO(self.profile))
            if own.profile.xcolor_space.strip() == {"RGB": "RGB", "L": "GRAY"}[mode]:
                converted = ImageCms.profileToProfile(image, SRGB, own, outputMode=mode)
                assert converted is not None
                image = converted
        values = np.array(image.convert(mode), dtype=np.float32)
        scale = 257 if self.image.mode == "I;16" else 1  # 8 bits to 16
        return scale * values.reshape(*values.shape[:2], -1)

    def with_values(self, values: Num[np.ndarray, "height width channels"]) -> Image.Image:
        """Return an image of its mode with other values."""
        return Image.fromarray(values.squeeze(axis=2) if values.shape[2] == 1 else values)


def open_original(path: Path) -> Original:
    """Open a photograph for restoring.

    Args:
        path: Of the file. Modes that a PNG does not hold, e.g. CMYK, are taken as
            `decode_image` gives them.

    Raises:
        UnreadableImageError: The file is missing or cannot be decoded.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableImageError(
            (error.strerror or "cannot be read").lower(), str(path)
        ) from None
    rgb = decode_image(data, str(path))
    with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
        opened.load()
        ImageOps.exif_transpose(opened, in_place=True)
        profile, exif = opened.info.get("icc_profile"), opened.info.get("exif", b"")
        if opened.mode in _WIDENED:
            seen = "RGBA" if opened.has_transparency_data else _WIDENED[opened.mode]
            image = opened.convert(seen)
        elif opened.mode in ("L", "RGB") and opened.has_transparency_data:
            image = opened.convert(f"{opened.mode}A")
        elif opened.mode in _KEPT:
            image = opened.copy()
        else:
            image, profile = Image.fromarray(rgb), None
    return Original(image=image, rgb=rgb, profile=profile, exif=exif)
