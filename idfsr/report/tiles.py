"""A sheet of image tiles with text around them, laid out in whole pixels.

Tiles are not resampled by the plotting library: a pixel of a 64 px image is a square of 4 x 4.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from idfsr.report.pictures import resize_nearest
from idfsr.report.style import DPI, QUIET

TILE = 256
"""Side of a tile in pixels of the figure."""

GAP = 8
LINE = 24
"""Height of a line of text, in pixels of the figure."""

LANDMARK_COLOURS = ("#00d5ff", "#ffd400", "#ff4fd8", "#6bff4a", "#ff6a3d")
"""Left eye, right eye, nose, left and right mouth corner; left is the viewer's left."""


class TileSheet:
    """A figure of rows and columns of tiles.

    Attributes:
        figure: To be written.
    """

    def __init__(
        self,
        num_rows: int,
        num_columns: int,
        *,
        left: int = GAP,
        top: int = GAP,
        lines_below: int = 0,
    ) -> None:
        """Lay out an empty sheet.

        Args:
            num_rows: Of tiles.
            num_columns: Of tiles.
            left: Room for the names of the rows, in pixels.
            top: Room for the names of the columns, in pixels.
            lines_below: Lines of text below each tile.
        """
        self._left, self._top = left, top
        self._pitch = TILE + GAP + lines_below * LINE
        self._width = left + num_columns * (TILE + GAP)
        self._height = top + num_rows * self._pitch
        self.figure = Figure(figsize=(self._width / DPI, self._height / DPI), dpi=DPI)

    def _corner(self, row: int, column: int) -> tuple[float, float]:
        """Return the upper left corner of a tile, in pixels from that of the figure."""
        return float(self._left + column * (TILE + GAP)), float(self._top + row * self._pitch)

    def _write(self, x: float, y: float, text: str, **style: Any) -> None:
        self.figure.text(x / self._width, 1 - y / self._height, text, **style)

    def show(self, row: int, column: int, image: UInt8[np.ndarray, "H W 3"]) -> Axes:
        """Show an image as a tile.

        Returns:
            Axes in pixels of the image, (0, 0) at its upper left corner.
        """
        x, y = self._corner(row, column)
        axes = self.figure.add_axes(
            (
                x / self._width,
                1 - (y + TILE) / self._height,
                TILE / self._width,
                TILE / self._height,
            )
        )
        height, width, _ = image.shape
        axes.imshow(
            resize_nearest(image, TILE),
            extent=(0, width, height, 0),
            interpolation="none",
            aspect="auto",
        )
        axes.set_axis_off()
        return axes

    def name_column(self, column: int, text: str) -> None:
        """Write above the first tile of a column."""
        x, y = self._corner(0, column)
        self._write(x + TILE / 2, y - 6, text, ha="center", va="bottom", fontweight="bold")

    def name_columns(self, first: int, last: int, text: str) -> None:
        """Write above several columns and their names of two lines, over a line that spans them."""
        x0, y = self._corner(0, first)
        x1 = self._corner(0, last)[0] + TILE
        self._write((x0 + x1) / 2, y - 2 * LINE - 14, text, ha="center", va="bottom")
        self.figure.add_artist(
            Rectangle(
                (x0 / self._width, 1 - (y - 2 * LINE - 10) / self._height),
                (x1 - x0) / self._width,
                1 / self._height,
                color=QUIET,
                linewidth=0,
            )
        )

    def name_row(self, row: int, text: str) -> None:
        """Write left of the first tile of a row, from below."""
        x, y = self._corner(row, 0)
        self._write(
            x - 8, y + TILE / 2, text,
            ha="right", va="center", rotation="vertical", rotation_mode="default",
            fontweight="bold",
        )  # fmt: skip

    def write_below(self, row: int, column: int, text: str) -> None:
        """Write below a tile, centred."""
        x, y = self._corner(row, column)
        self._write(x + TILE / 2, y + TILE + 4, text, ha="center", va="top", color=QUIET)


def draw_landmarks(axes: Axes, landmarks: Float[np.ndarray, "5 2"]) -> None:
    """Mark five landmarks on a tile.

    Args:
        axes: Of `TileSheet.show`.
        landmarks: (x, y) in pixels of the image.
    """
    axes.scatter(
        landmarks[:, 0], landmarks[:, 1],
        s=22, c=LANDMARK_COLOURS, edgecolors="black", linewidths=0.7, clip_on=True,
    )  # fmt: skip


def draw_box(axes: Axes, box: Sequence[int] | Sequence[float]) -> None:
    """Outline a box (x0, y0, x1, y1) on a tile, in pixels of the image."""
    x0, y0, x1, y1 = box
    for colour, width in (("black", 2.2), ("white", 1.1)):
        axes.add_patch(
            Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=colour, linewidth=width)
        )
