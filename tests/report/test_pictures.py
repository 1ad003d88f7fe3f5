import numpy as np

from idfsr.io.degradation import upsample
from idfsr.io.images import encode_png
from idfsr.report.pictures import MASK_LEVEL, decode, enlarge, mask_box, resize_nearest

RNG = np.random.default_rng(0)


def test_decode() -> None:
    image = RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8)
    assert np.array_equal(decode(encode_png(image)), image)


def test_pixels_become_squares() -> None:
    image = RNG.integers(0, 256, (4, 4, 3), dtype=np.uint8)
    assert np.array_equal(resize_nearest(image, 12), image.repeat(3, axis=0).repeat(3, axis=1))


def test_larger_images_are_averaged() -> None:
    checkered = np.indices((32, 32)).sum(axis=0) % 2 * 255
    image = np.repeat(checkered[..., None], 3, axis=2).astype(np.uint8)
    assert abs(resize_nearest(image, 8).astype(int) - 127).max() < 20


def test_enlarged_as_the_networks_see_it() -> None:
    lr_image = RNG.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    assert np.array_equal(enlarge(lr_image, 64), upsample(lr_image, 64))


def test_convention_mask_is_x0_y0_x1_y1_half_open() -> None:
    image = np.zeros((10, 12, 3), dtype=np.uint8)
    rows, columns = np.nonzero(mask_box(image, (3, 5, 7, 6))[..., 0] == MASK_LEVEL)
    assert set(rows) == {5}
    assert set(columns) == {3, 4, 5, 6}
    assert not image.any()
