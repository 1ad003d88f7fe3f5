import numpy as np
import pytest
import torch
from PIL import Image

from idfsr.errors import IdfsrError
from idfsr.io.degradation import degrade, fill_box, upsample


def test_degrade_is_pillows_bicubic() -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 64, 3), dtype=np.uint8)
    expected = np.asarray(Image.fromarray(image).resize((8, 4), Image.Resampling.BICUBIC))
    np.testing.assert_array_equal(degrade(image, 8), expected)


def test_constant_image_stays_constant() -> None:
    image = np.full((64, 64, 3), 77, np.uint8)
    restored = upsample(degrade(image, 16), 64)
    np.testing.assert_array_equal(restored, image)


def test_degrade_refuses_a_remainder() -> None:
    with pytest.raises(IdfsrError, match="image of 36x64 pixels, wanted sides divisible by 8"):
        degrade(np.zeros((64, 36, 3), np.uint8), 8)


def test_convention_box_is_xy_and_half_open() -> None:
    filled = fill_box(torch.ones(3, 5, 6), (1, 2, 4, 3))
    rows, columns = torch.nonzero(filled[0] == 0, as_tuple=True)
    assert rows.tolist() == [2, 2, 2]
    assert columns.tolist() == [1, 2, 3]


def test_fill_box_leaves_its_input_and_ignores_what_is_outside() -> None:
    images = torch.ones(2, 3, 4, 4)
    filled = fill_box(images, (-2, 3, 2, 9))
    assert images.min() == 1
    assert (filled == 0).sum() == 2 * 3 * 2
    assert fill_box(images, (3, 3, 3, 4)).min() == 1
