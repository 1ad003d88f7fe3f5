"""Photographs of any origin: every format, every mode, every kind of damage."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from idfsr.io.decoding import FORMATS, UnreadableImageError, decode_copy, decode_image

P3_TO_XYZ = ((0.515102, 0.291965, 0.157153), (0.241182, 0.692236, 0.066581),
             (-0.001049, 0.041881, 0.784378))  # fmt: skip
"""Display P3 to the white of profiles, D50 (ICC registry)."""
XYZ_TO_SRGB = ((3.134136, -1.617386, -0.490662), (-0.978795, 1.916254, 0.033443),
               (0.071955, -0.228977, 1.405386))  # fmt: skip
"""D50 to linear sRGB (Lindbloom)."""


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def s15(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def make_profile(primaries: tuple[tuple[float, ...], ...], gamma: float) -> bytes:
    """Write an ICC profile of version 2: three primaries, each with a curve of one exponent."""
    columns = list(zip(*primaries, strict=True))
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 3) + b"P3\0" + bytes(78 + 3),
        b"cprt": b"text" + bytes(4) + b"none" + bytes(4),
        b"wtpt": b"XYZ " + bytes(4) + s15(0.9642) + s15(1) + s15(0.8249),
        **{
            name: b"XYZ " + bytes(4) + b"".join(map(s15, column))
            for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)
        },
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    table, body, offset = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", offset + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    size = offset + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"none", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + s15(0.9642) + s15(1) + s15(0.8249)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


@pytest.fixture
def jpeg() -> bytes:
    return encode(Image.fromarray(noise(40, 30)), "JPEG")


@pytest.mark.parametrize("kind", FORMATS)
def test_formats_that_are_opened(kind: str) -> None:
    image = Image.new("RGB", (32, 16), (200, 100, 50))
    decoded = decode_image(encode(image, kind))
    assert decoded.shape == (16, 32, 3)
    assert np.abs(decoded.astype(int) - (200, 100, 50)).max() <= 6  # of lossy formats, and GIF


@pytest.mark.parametrize("kind", ["EPS", "PPM", "TGA", "ICO", "PCX", "SGI", "PDF", "JPEG2000"])
def test_other_formats_are_not_images_whatever_their_name(kind: str) -> None:
    with pytest.raises(UnreadableImageError, match=r"0\.jpg: not an image"):
        decode_image(encode(Image.new("RGB", (16, 16)), kind), "ann/0.jpg")


def test_of_several_frames_the_first_is_taken() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode_image(data)[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("mode", "value", "kind", "wanted"),
    [
        ("1", 1, "PNG", (255, 255, 255)),
        ("L", 77, "PNG", (77, 77, 77)),
        ("P", 0, "PNG", (0, 0, 0)),
        ("RGB", (1, 2, 3), "PNG", (1, 2, 3)),
        ("CMYK", (0, 255, 255, 0), "TIFF", (255, 0, 0)),
        ("YCbCr", (76, 85, 255), "TIFF", (254, 0, 0)),
        # over white: 0.2 x 10 + 0.8 x 255
        ("RGBA", (10, 20, 30, 51), "PNG", (206, 208, 210)),
        ("LA", (10, 51), "PNG", (206, 206, 206)),
        ("RGBA", (10, 20, 30, 0), "WEBP", (255, 255, 255)),
        # of 16 bits, 257 levels make one
        ("I;16", 257 * 100, "PNG", (100, 100, 100)),
        ("I;16", 257 * 100, "TIFF", (100, 100, 100)),
        ("I", 257 * 50, "TIFF", (50, 50, 50)),
        ("I", 2**30, "TIFF", (128, 128, 128)),
        ("F", 0.5, "TIFF", (128, 128, 128)),
        ("F", 90.0, "TIFF", (90, 90, 90)),
    ],
)
def test_modes(mode: str, value: object, kind: str, wanted: tuple[int, ...]) -> None:
    image = decode_image(encode(Image.new(mode, (4, 6), value), kind))
    assert image.shape == (6, 4, 3)
    assert image[2, 3].tolist() == list(wanted)


def test_palette_with_a_transparent_colour_shows_the_background() -> None:
    image = Image.new("P", (2, 1), 0)
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    assert decode_image(encode(image, "PNG", transparency=1)).tolist() == [
        [[10, 20, 30], [255, 255, 255]]
    ]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e9])
def test_values_without_a_known_white_are_refused(value: float) -> None:
    with pytest.raises(UnreadableImageError, match="broken: values"):
        decode_image(encode(Image.new("F", (4, 6), value), "TIFF"))


@pytest.mark.parametrize("colour", [(200, 100, 50), (60, 180, 90), (240, 200, 190)])
def test_colour_profile_is_converted(colour: tuple[int, ...]) -> None:
    linear = (np.array(colour) / 255) ** 2.2
    srgb = np.clip(np.array(XYZ_TO_SRGB) @ np.array(P3_TO_XYZ) @ linear, 0, 1)
    wanted = np.where(srgb > 0.0031308, 1.055 * srgb ** (1 / 2.4) - 0.055, 12.92 * srgb) * 255
    profile = make_profile(P3_TO_XYZ, 2.2)
    image = Image.new("RGB", (4, 4), colour)
    found = decode_image(encode(image, "PNG", icc_profile=profile))[0, 0]
    assert np.abs(found - wanted).max() < 1.5
    assert np.abs(wanted - colour).max() > 3
    # under transparency too
    image.putalpha(255)
    transparent = decode_image(encode(image, "PNG", icc_profile=profile))[0, 0]
    assert transparent.tolist() == found.tolist()


def test_profile_of_srgb_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = noise(8, 8)
    found = decode_image(encode(Image.fromarray(image), "PNG", icc_profile=profile))
    np.testing.assert_array_equal(found, image)


def test_exif_orientation_turns_the_image() -> None:
    image = Image.new("RGB", (3, 2))
    image.putpixel((0, 0), (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its left side: turn clockwise
    turned = decode_image(encode(image, "PNG", exif=exif))
    assert turned.shape == (3, 2, 3)
    assert turned[0, 1].tolist() == [255, 255, 255]


@pytest.mark.parametrize(("cut", "reason"), [(slice(0), "empty file"), (slice(20), "not an image")])
def test_reason_of_a_useless_file(jpeg: bytes, cut: slice, reason: str) -> None:
    with pytest.raises(UnreadableImageError) as caught:
        decode_image(jpeg[cut], "ann/0.png")
    assert caught.value.reason == reason
    assert str(caught.value) == f"ann/0.png: {reason}, wanted a complete image file"


def test_reason_of_a_truncated_jpeg(jpeg: bytes) -> None:
    with pytest.raises(UnreadableImageError) as caught:
        decode_image(jpeg[: len(jpeg) // 2])
    assert caught.value.reason == "truncated"


def test_more_pixels_than_the_limit_are_refused_before_they_are_decoded() -> None:
    png = encode(Image.new("1", (400, 200)), "PNG")
    assert decode_image(png, max_pixels=80_000).shape == (200, 400, 3)
    with pytest.raises(UnreadableImageError, match=r"too large: 400x200 pixels, more than 79,999"):
        decode_image(png, max_pixels=79_999)
    huge = encode(Image.new("1", (20_000, 10_000)), "PNG")
    with pytest.raises(UnreadableImageError, match=r"too large: 20000x10000 pixels"):
        decode_image(huge)


def test_of_a_large_jpeg_the_decoder_makes_the_small_copy() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = Image.fromarray(noise(80, 60)).resize((1200, 1600), Image.Resampling.BICUBIC)
    data = encode(photo, "JPEG", exif=exif)
    image, height, width = decode_copy(data, 64)
    assert (height, width) == (1200, 1600)
    assert image.shape == (300, 400, 3)
    whole = Image.fromarray(decode_image(data)).resize((400, 300), Image.Resampling.BOX)
    assert np.abs(np.array(whole, int) - image).mean() < 2
    assert decode_copy(data, 0).image.shape == (1200, 1600, 3)
    with pytest.raises(UnreadableImageError, match="truncated"):
        decode_copy(data[: len(data) // 2], 64)


@pytest.mark.parametrize("error", [TypeError, KeyError, RuntimeError, NotImplementedError])
def test_whatever_a_decoder_raises_is_a_reason(
    error: type[Exception], jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Image.Image, **_options: bool) -> None:
        raise error

    monkeypatch.setattr(ImageOps, "exif_transpose", fail)
    with pytest.raises(UnreadableImageError, match=rf"ann/0.jpg: broken: {error.__name__}"):
        decode_image(jpeg, "ann/0.jpg")


def test_too_little_memory_is_a_reason(jpeg: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Image.Image, **_options: bool) -> None:
        raise MemoryError

    monkeypatch.setattr(ImageOps, "exif_transpose", fail)
    with pytest.raises(UnreadableImageError, match="not enough memory to decode it"):
        decode_image(jpeg)
