import numpy as np
import pytest
import torch

from idfsr.constants import FFHQ_LANDMARKS_512
from idfsr.faces.mask import face_box, mask_face
from idfsr.io.degradation import fill_box

LANDMARKS = np.array(FFHQ_LANDMARKS_512)


@pytest.mark.parametrize(
    ("size", "scale_factor", "box"),
    [
        (512, 8, (120, 88, 392, 472)),  # 120, 86, 390, 472 to the nearest multiples of 8
        (256, 16, (64, 48, 192, 240)),  # 60, 43, 195, 236
        (64, 8, (16, 8, 48, 56)),  # 15, 10.75, 48.75, 59
        (64, 16, (16, 16, 48, 64)),
    ],
)
def test_aligned_face(size: int, scale_factor: int, box: tuple[int, int, int, int]) -> None:
    assert face_box(LANDMARKS * (size / 512), size, scale_factor) == box


def test_convention_box_is_x_then_y() -> None:
    right = face_box(LANDMARKS / 2 + [62, 0], 256, 8)
    assert right == (120, 40, 256, 240)  # 122, 43, 257, 236
    low = face_box(LANDMARKS / 2 + [3, 18], 256, 8)
    assert low == (64, 64, 200, 256)  # 63, 61, 198, 254


def test_turned_face_has_a_larger_box() -> None:
    turned = (LANDMARKS - 256) @ np.array([[0.8, 0.6], [-0.6, 0.8]]) / 2 + 128
    left, _, right, _ = face_box(turned, 256, 8)
    assert right - left > 136


@pytest.mark.parametrize("shift", [(-5000, 0), (5000, 5000), (0, -5000)])
def test_face_outside_leaves_one_pixel_of_the_grid(shift: tuple[int, int]) -> None:
    x0, y0, x1, y1 = face_box(LANDMARKS + shift, 512, 16)
    assert 0 <= x0 < x1 <= 512
    assert 0 <= y0 < y1 <= 512


def test_convention_mask_is_half_open_and_grey() -> None:
    images = torch.full((2, 3, 4, 5), 0.7)
    masked = mask_face(images, torch.tensor([[1, 0, 3, 2], [4, 3, 9, 9]]))
    expected = torch.full((2, 3, 4, 5), 0.7)
    expected[0, :, 0:2, 1:3] = 0.0
    expected[1, :, 3, 4] = 0.0
    torch.testing.assert_close(masked, expected, rtol=0, atol=0)
    assert images.min() == pytest.approx(0.7)


def test_mask_is_that_of_single_images() -> None:
    images = torch.randn(3, 3, 16, 16)
    boxes = torch.tensor([[0, 0, 8, 16], [8, 4, 12, 8], [5, 5, 5, 9]])
    alone = [fill_box(image, tuple(box)) for image, box in zip(images, boxes.tolist(), strict=True)]
    torch.testing.assert_close(mask_face(images, boxes), torch.stack(alone), rtol=0, atol=0)
