"""Photographs of any origin to uint8 RGB: which formats are opened, and what becomes of each mode.

Whatever is in a file, decoding ends with an image or with one reason in words: the files are other
people's. docs/photographs.md has the same as a table.
"""

import io
from typing import Final, NamedTuple

import numpy as np
import pillow_heif
from jaxtyping import UInt8
from PIL import ExifTags, Image, ImageCms, ImageOps, UnidentifiedImageError

from idfsr.errors import IdfsrError

FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "HEIF")
"""Of Pillow, which knows some forty more, and starts Ghostscript for one of them. MPO, of cameras
with two lenses, is a kind of JPEG. Of several frames the first is taken."""

MAX_PIXELS: Final = 100_000_000
"""Of a photograph: 300 MB when it is decoded. Cameras of phones give up to 200 million, which no
face needs."""

BACKGROUND: Final = (255, 255, 255)
"""What shows through transparent pixels."""

SRGB: Final = ImageCms.createProfile("sRGB")

_FULL_SCALES: Final = {"I": (2**8 - 1, 2**16 - 1, 2**31 - 1), "F": (1, 2**8 - 1, 2**16 - 1)}
"""White of images of 32 bits, which do not say it: the first that no value exceeds."""

_LYING: Final = (5, 6, 7, 8)
"""EXIF orientations that exchange height and width."""

_MARGIN: Final = 4

pillow_heif.register_heif_opener()
Image.MAX_IMAGE_PIXELS = None  # the limit here is our own, and comes before decoding


class UnreadableImageError(IdfsrError):
    """A file that cannot be decoded, with the reason in words for a table.

    Attributes:
        reason: E.g. "not an image" or "truncated".
    """

    def __init__(self, reason: str, source: str = "image") -> None:
        super().__init__(f"{source}: {reason}, wanted a complete image file")
        self.reason = reason


def decode_image(
    data: bytes, source: str = "image", max_pixels: int = MAX_PIXELS
) -> UInt8[np.ndarray, "H W 3"]:
    """Decode the bytes of an image file of one of `FORMATS`.

    Args:
        data: The whole file.
        source: What to call it in an error.
        max_pixels: Larger images are refused before they are decoded.

    Returns:
        sRGB, turned upright by its EXIF orientation; grey is repeated, transparent pixels show
        `BACKGROUND`.

    Raises:
        UnreadableImageError: "empty file", "not an image", "too large", "truncated", or what else
            the decoder says.
    """
    return decode_copy(data, 0, source, max_pixels).image


class Copy(NamedTuple):
    """A photograph that may be smaller than its file's.

    Attributes:
        image: As of `decode_image`.
        height: Of the upright photograph in the file.
        width: Likewise.
    """

    image: UInt8[np.ndarray, "H W 3"]
    height: int
    width: int


def decode_copy(
    data: bytes, side: int, source: str = "image", max_pixels: int = MAX_PIXELS
) -> Copy:
    """Decode an image of which a small copy will do: of a JPEG the decoder makes one by itself.

    The whole file is read all the same, so that one that is cut is noticed. The copy is made by
    halving, and stays at least four times as large as it has to be, so that what is resampled from
    it is what would be resampled from the photograph.

    Args:
        data: The whole file.
        side: Length that the longer side must have; 0 decodes in full.
        source: What to call it in an error.
        max_pixels: Larger images are refused before they are decoded.

    Raises:
        UnreadableImageError: See `decode_image`.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            _check_size(opened, max_pixels)
            width, height = opened.size
            scale = _MARGIN * side / max(width, height)
            if 0 < scale < 1:
                opened.draft(None, (round(width * scale), round(height * scale)))
            opened.load()
            if opened.getexif().get(ExifTags.Base.Orientation, 1) in _LYING:
                width, height = height, width
            ImageOps.exif_transpose(opened, in_place=True)
            return Copy(np.array(to_srgb(opened)), height, width)
    except UnidentifiedImageError:
        reason = "not an image" if data else "empty file"
    except _TooLargeError as error:
        reason = f"too large: {error}"
    except MemoryError:
        reason = "not enough memory to decode it"
    except Exception as error:  # noqa: BLE001 - broken content can raise anything in a decoder
        text = " ".join(str(error).lower().split()) or type(error).__name__
        reason = "truncated" if "truncated" in text else f"broken: {text}"
    raise UnreadableImageError(reason, source)


class _TooLargeError(Exception):
    """More pixels than are wanted."""


def _check_size(image: Image.Image, max_pixels: int) -> None:
    if image.width * image.height > max_pixels:
        message = f"{image.width}x{image.height} pixels, more than {max_pixels:,}"
        raise _TooLargeError(message)


def to_srgb(image: Image.Image) -> Image.Image:
    """Bring an image of any mode and colour profile to RGB with the primaries of sRGB.

    Args:
        image: As Pillow opened it, upright.

    Raises:
        ValueError: Values of 32 bits whose white is not to be told, or a mode that has no colours.
    """
    if image.mode in _FULL_SCALES or image.mode.startswith("I;16"):
        return Image.fromarray(_to_eight_bits(image)).convert("RGB")
    if image.has_transparency_data:
        alpha = image.convert("RGBA").getchannel("A")
        colours = _convert_profile(_without_alpha(image), image.info.get("icc_profile"))
        opaque = Image.new("RGB", image.size, BACKGROUND)
        opaque.paste(colours, mask=alpha)
        return opaque
    return _convert_profile(image, image.info.get("icc_profile"))


def _without_alpha(image: Image.Image) -> Image.Image:
    return image.convert("RGBA").convert("RGB")


def _convert_profile(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert an opaque image from its colour profile; without one it is taken for sRGB."""
    if image.mode in ("1", "P"):
        image = image.convert("RGB")
    if profile:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        is_srgb = "sRGB" in ImageCms.getProfileDescription(source)
        if not is_srgb and source.profile.xcolor_space.strip() == _colour_space(image):
            converted = ImageCms.profileToProfile(image, source, SRGB, outputMode="RGB")
            assert converted is not None
            return converted
    return image if image.mode == "RGB" else image.convert("RGB")


def _colour_space(image: Image.Image) -> str:
    """Return the name of a mode in colour profiles; one of another is not this image's."""
    return {"L": "GRAY", "RGB": "RGB", "RGBX": "RGB", "CMYK": "CMYK"}.get(image.mode, "")


def _to_eight_bits(image: Image.Image) -> UInt8[np.ndarray, "H W"]:
    """Scale grey values of 16 or 32 bits, white to 255."""
    values = np.asarray(image)
    if not np.isfinite(values).all():
        message = "values that are not finite"
        raise ValueError(message)
    scales = _FULL_SCALES.get(image.mode, (2**16 - 1,))
    white = next((scale for scale in scales if values.max(initial=0) <= scale), None)
    if white is None:
        message = f"values up to {values.max():g}, more than {scales[-1]}"
        raise ValueError(message)
    levels = values.clip(min=0).astype(np.float32)
    levels *= 255 / white
    return np.round(levels, out=levels).astype(np.uint8)
