import io

import numpy as np
from PIL import Image

from idfsr.report.style import DPI, figure_style
from idfsr.report.tiles import GAP, TILE, TileSheet, draw_box, draw_landmarks

LEFT, TOP = 40, 30


def render(sheet: TileSheet) -> np.ndarray:
    buffer = io.BytesIO()
    sheet.figure.savefig(buffer, dpi=DPI)
    return np.array(Image.open(buffer).convert("RGB"))


def tile_of(pixels: np.ndarray, row: int, column: int) -> np.ndarray:
    y, x = TOP + row * (TILE + GAP), LEFT + column * (TILE + GAP)
    return pixels[y : y + TILE, x : x + TILE]


def test_tiles_are_exact_to_the_pixel() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 8, 8, 3), dtype=np.uint8)
    with figure_style():
        sheet = TileSheet(2, 3, left=LEFT, top=TOP)
        for row in range(2):
            for column in range(3):
                sheet.show(row, column, images[row, column])
        pixels = render(sheet)
    assert pixels.shape == (TOP + 2 * (TILE + GAP), LEFT + 3 * (TILE + GAP), 3)
    for row in range(2):
        for column in range(3):
            expected = images[row, column].repeat(TILE // 8, axis=0).repeat(TILE // 8, axis=1)
            assert np.array_equal(tile_of(pixels, row, column), expected)


def test_convention_landmarks_are_x_y_in_pixels_of_the_image() -> None:
    with figure_style():
        sheet = TileSheet(1, 1, left=LEFT, top=TOP)
        axes = sheet.show(0, 0, np.zeros((64, 64, 3), dtype=np.uint8))
        draw_landmarks(axes, np.array([[48, 16], [8, 8], [8, 16], [8, 24], [8, 32]], dtype=float))
        tile = tile_of(render(sheet), 0, 0)
    assert tuple(tile[64, 192]) == (0x00, 0xD5, 0xFF)  # (48, 16) of 64 px is (192, 64) of 256
    assert tuple(tile[192, 64]) == (0, 0, 0)


def test_convention_box_is_x0_y0_x1_y1() -> None:
    with figure_style():
        sheet = TileSheet(1, 1, left=LEFT, top=TOP)
        axes = sheet.show(0, 0, np.zeros((64, 64, 3), dtype=np.uint8))
        draw_box(axes, (8, 16, 24, 56))
        tile = tile_of(render(sheet), 0, 0)
    rows, columns = np.nonzero(tile[..., 0] > 128)
    assert abs(rows.min() - 64) <= 2
    assert abs(rows.max() - 224) <= 2
    assert abs(columns.min() - 32) <= 2
    assert abs(columns.max() - 96) <= 2


def test_text_stays_outside_the_tiles() -> None:
    image = np.full((8, 8, 3), 200, dtype=np.uint8)
    with figure_style():
        sheet = TileSheet(2, 2, left=60, top=100, lines_below=1)
        for row in range(2):
            sheet.name_row(row, "row")
            for column in range(2):
                sheet.show(row, column, image)
                sheet.name_column(column, "two\nlines")
                sheet.write_below(row, column, "below")
        sheet.name_columns(0, 1, "both")
        pixels = render(sheet)
    assert (pixels[100 : 100 + TILE, 60 : 60 + TILE] == 200).all()
    assert (pixels[:100] < 128).any()
    assert (pixels[:, :60] < 128).any()
    assert (pixels[100 + TILE : 100 + TILE + 24, 60:] < 200).any()
