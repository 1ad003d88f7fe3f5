"""Damaged image files: each ends with an image or with one reason, none with a traceback."""

import io
import os

import numpy as np
import pytest
from PIL import Image

from idfsr.io.decoding import FORMATS, UnreadableImageError, decode_image

NUM_CASES = int(os.environ.get("IDFSR_FUZZ_IMAGES", "1000"))
"""`make fuzz` tries 20,000."""


def make_files() -> list[bytes]:
    """Write an image in every format, some with EXIF, transparency, a palette, 16 bits."""
    levels = np.random.default_rng(1).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    image = Image.fromarray(levels)
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "camera"
    wanted = [(image, kind, {}) for kind in FORMATS]
    wanted += [(image, kind, {"exif": exif}) for kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")]
    wanted += [(image.convert(mode), "PNG", {}) for mode in ("P", "L", "RGBA", "I;16", "1")]
    wanted += [(image.convert(mode), "TIFF", {}) for mode in ("CMYK", "F", "LAB")]
    wanted += [(image, "TIFF", {"compression": name}) for name in ("tiff_lzw", "jpeg")]
    files = []
    for picture, kind, options in wanted:
        buffer = io.BytesIO()
        picture.save(buffer, kind, **options)
        files.append(buffer.getvalue())
    return files


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """Cut, flip, overwrite, repeat or leave out some bytes, more of them at the head."""
    changed = bytearray(data)
    for _ in range(rng.integers(1, 9)):
        end = max(1, min(len(changed), 200) if rng.random() < 0.5 else len(changed))
        place = int(rng.integers(end))
        kind = rng.integers(5)
        if kind == 0:
            changed[place : place + 1] = bytes([rng.integers(256)])
        elif kind == 1:
            changed[place : place + 4] = rng.choice(
                [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\1"]
            )
        elif kind == 2:
            del changed[place : place + int(rng.integers(1, 20))]
        elif kind == 3:
            changed[place:place] = changed[place : place + int(rng.integers(1, 50))]
        else:
            del changed[int(rng.integers(place, len(changed) + 1)) :]
    return bytes(changed)


@pytest.mark.filterwarnings("ignore")  # what Pillow says of a broken file besides
def test_damaged_images_end_with_an_image_or_a_reason() -> None:
    rng = np.random.default_rng(2)
    files = make_files()
    reasons, num_images = [], 0
    for case in range(NUM_CASES):
        data = mutate(files[case % len(files)], rng)
        try:
            image = decode_image(data, f"case {case}")
        except UnreadableImageError as error:
            reasons.append(error.reason)
        else:
            num_images += image.dtype == np.uint8 and image.shape[2] == 3
    assert len(reasons) + num_images == NUM_CASES
    assert all(reason and reason.isprintable() for reason in reasons)
    # the damage is neither too small nor too great
    assert NUM_CASES / 20 < num_images < NUM_CASES * 19 / 20
