import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from idfsr.errors import IdfsrError
from idfsr.io.decoding import UnreadableImageError, decode_image
from idfsr.io.digests import file_digest
from idfsr.io.images import (
    decode_png,
    encode_png,
    read_image,
    read_photograph,
    resize,
)


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def jpeg() -> bytes:
    return encode(Image.fromarray(noise(40, 30)), "JPEG")


def test_png_round_trip_is_exact_in_both_decoders() -> None:
    image = noise(5, 7)
    png = encode_png(image)
    np.testing.assert_array_equal(decode_png(png), image)
    np.testing.assert_array_equal(decode_image(png), image)
    assert png == encode_png(image.copy())


def test_convention_red_comes_first(tmp_path: Path) -> None:
    Image.new("RGB", (3, 2), (200, 100, 50)).save(tmp_path / "red.png")
    image = read_image(tmp_path / "red.png")
    assert image.shape == (2, 3, 3)
    assert image[0, 0].tolist() == [200, 100, 50]
    assert decode_png(encode_png(image))[0, 0].tolist() == [200, 100, 50]


def test_reason_of_a_text_file_named_png(tmp_path: Path) -> None:
    path = tmp_path / "note.png"
    path.write_text("hello")
    with pytest.raises(UnreadableImageError, match=r"note\.png: not an image"):
        read_image(path)


def test_reason_of_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match="no such file or directory"):
        read_image(tmp_path / "none.png")


@pytest.mark.parametrize("keep", [0, 8, 300])
def test_decode_png_refuses_part_of_a_file(keep: int) -> None:
    with pytest.raises(UnreadableImageError):
        decode_png(encode_png(noise(20, 20))[:keep])


def test_convention_resize_takes_height_first() -> None:
    assert resize(noise(10, 20), (4, 6), "bicubic").shape == (4, 6, 3)


def test_bicubic_weights_are_those_of_a_half() -> None:
    # Twice as wide, column 7 lies at 3.25 and column 8 at 3.75. With a = -0.5 the weights at
    # distances 0.25, 0.75, 1.25, 1.75 are 0.8671875, 0.2265625, -0.0703125, -0.0234375.
    line = np.zeros((1, 8, 3), np.uint8)
    line[:, 4:] = 128
    up = resize(line, (1, 16), "bicubic")[0, :, 0]
    assert up[7] == 128 * (0.2265625 - 0.0234375)  # 26
    assert up[8] == 128 * (0.8671875 - 0.0703125)  # 102; a = -0.75 gives 99


def test_filters_differ() -> None:
    image = noise(16, 16)
    results = [resize(image, (5, 5), name) for name in ("bicubic", "lanczos", "bilinear")]
    assert len({result.tobytes() for result in results}) == 3


def test_a_photograph_is_that_of_the_manifest_or_none(tmp_path: Path) -> None:
    path = tmp_path / "ann.png"
    path.write_bytes(encode_png(np.full((4, 6, 3), 7, np.uint8)))
    sha256 = file_digest(path)
    assert read_photograph(path, sha256).max() == 7
    path.write_bytes(encode_png(np.full((4, 6, 3), 8, np.uint8)))
    wanted = rf"ann\.png: found sha256 {file_digest(path)[:16]}, wanted {sha256[:16]} of"
    with pytest.raises(IdfsrError, match=wanted):
        read_photograph(path, sha256)
    path.unlink()
    with pytest.raises(UnreadableImageError, match="no such file"):
        read_photograph(path, sha256)
