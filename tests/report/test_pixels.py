import math

import numpy as np
import pytest

from idfsr.report.pixels import squared_differences, to_psnr


def test_convention_box_is_x_then_y_and_half_open() -> None:
    first = np.zeros((4, 6, 3), np.uint8)
    second = first.copy()
    second[1, 3:5] = 255  # row 1, columns 3 and 4
    assert squared_differences(first, second, (3, 1, 5, 2)) == (0.0, 1.0)
    outer, inner = squared_differences(first, second, (3, 1, 4, 3))
    assert (outer, inner) == pytest.approx((1 / 22, 1 / 2))
    assert math.isnan(squared_differences(first, second, (0, 0, 6, 4))[0])


def test_psnr_of_a_tenth_of_the_range() -> None:
    assert to_psnr(0.01) == pytest.approx(20)
    assert to_psnr(0.0) == math.inf
