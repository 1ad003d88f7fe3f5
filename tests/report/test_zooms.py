import numpy as np
import pytest

from idfsr.report.zooms import HEIGHT, cut_out, find_zooms

FACE = np.array([[20.0, 24], [40, 24], [30, 34], [24, 44], [36, 44]])


def test_cut_outs_stand_around_the_parts_and_fill_the_room() -> None:
    zooms = find_zooms(FACE, np.array([50.0, 30.0]), 180, with_mark=True)
    assert [zoom.name for zoom in zooms] == ["eyes", "mouth", "mark"]
    assert sum(zoom.width for zoom in zooms) == 180
    for zoom, middle in zip(zooms, ((30, 24), (30, 44), (50, 30)), strict=True):
        x0, y0, x1, y1 = zoom.box
        assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx(middle)
        assert (x1 - x0) / (y1 - y0) == pytest.approx(zoom.width / HEIGHT)
    assert zooms[0].box[2] - zooms[0].box[0] > 20  # both eyes


def test_mark_that_is_not_seen_keeps_its_room_free() -> None:
    seen = find_zooms(FACE, np.array([50.0, 30.0]), 180, with_mark=True)
    assert find_zooms(FACE, None, 180, with_mark=True) == seen[:2]


def test_convention_box_is_x_then_y_and_moved_inside() -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    image[:10, 40:] = 255  # above, to the right
    corner = find_zooms(FACE + np.array([24.0, -22]), None, 120, with_mark=False)[0]
    assert corner.box[1] < 0
    assert corner.box[2] > 64
    found = cut_out(image, corner)
    assert found.shape == (HEIGHT, corner.width, 3)
    assert found[0, -1].min() == 255
    assert found[-1].max() == 0
