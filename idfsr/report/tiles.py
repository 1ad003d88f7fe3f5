"""A sheet of image tiles with text around them, laid out in whole pixels.

Tiles are not resampled by the plotting library: a pixel of a 64 px image is a square of 4 x 4.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from idfsr.report.pictures import resize_nearest
from idfsr.report.style import DPI, QUIET

TILE = 256
"""Side of a tile in pixels of the figure."""

GAP, STRIP_GAP = 8, 4
LINE = 24
"""Height of a line of text, in pixels of the figure."""

PLOT_TOP, PLOT_BOTTOM = 60, 84
"""Room above and below the plots below the tiles, in pixels."""

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
        lines_above: int = 0,
        lines_below: int = 0,
        tile: int = TILE,
        strip: int = 0,
        below: int = 0,
    ) -> None:
        """Lay out an empty sheet.

        Args:
            num_rows: Of tiles.
            num_columns: Of tiles.
            left: Room for the names of the rows, in pixels.
            top: Room for the names of the columns, in pixels.
            lines_above: Lines of text above each tile; the first row has `top` too.
            lines_below: Lines of text below each tile and its strip.
            tile: Side of a tile, in pixels.
            strip: Height of the row of cut-outs below each tile, in pixels.
            below: Room for plots below the tiles, in pixels.
        """
        self._left, self._top = left, top + lines_above * LINE
        self._tile, self._strip = tile, strip + (STRIP_GAP if strip else 0)
        self._pitch = tile + self._strip + GAP + (lines_above + lines_below) * LINE
        self._width = left + num_columns * (tile + GAP)
        self._below = below
        self._height = top + num_rows * self._pitch + below
        self.figure = Figure(figsize=(self._width / DPI, self._height / DPI), dpi=DPI)

    def _corner(self, row: int, column: int) -> tuple[float, float]:
        """Return the upper left corner of a tile, in pixels from that of the figure."""
        x = self._left + column * (self._tile + GAP)
        return float(x), float(self._top + row * self._pitch)

    def _write(self, x: float, y: float, text: str, **style: Any) -> None:
        self.figure.text(x / self._width, 1 - y / self._height, text, **style)

    def show(self, row: int, column: int, image: UInt8[np.ndarray, "H W 3"]) -> Axes:
        """Show an image as a tile.

        Returns:
            Axes in pixels of the image, (0, 0) at its upper left corner.
        """
        x, y = self._corner(row, column)
        height, width, _ = image.shape
        return self._add(
            (x, y, self._tile, self._tile), resize_nearest(image, self._tile), (width, height)
        )

    def _add(
        self,
        box: tuple[float | int, float | int, int, int],
        image: UInt8[np.ndarray, "H W 3"],
        extent: tuple[int, int],
    ) -> Axes:
        """Show an image of the right number of pixels; the box is left, top, width, height."""
        x, y, width, height = map(float, box)
        axes = self.figure.add_axes(
            (
                x / self._width,
                1 - (y + height) / self._height,
                width / self._width,
                height / self._height,
            )
        )
        axes.imshow(image, extent=(0, extent[0], extent[1], 0), interpolation="none", aspect="auto")
        axes.set_axis_off()
        return axes

    def show_strip(
        self, row: int, column: int, cut_outs: Sequence[tuple[UInt8[np.ndarray, "h _ 3"], str]]
    ) -> None:
        """Show cut-outs below a tile, from left to right, each in a frame of its colour."""
        x, y = self._corner(row, column)
        for image, colour in cut_outs:
            height, width, _ = image.shape
            axes = self._add((x, y + self._tile + STRIP_GAP, width, height), image, (width, height))
            axes.add_patch(
                Rectangle((0, 0), width, height, fill=False, edgecolor=colour, linewidth=1.6)
            )
            x += width + STRIP_GAP

    def name_tile(self, row: int, column: int, text: str) -> None:
        """Write above a tile of a sheet with lines above its tiles."""
        x, y = self._corner(row, column)
        self._write(x + self._tile / 2, y - 5, text, ha="center", va="bottom", fontweight="bold")

    def rule_above(self, row: int) -> None:
        """Draw a dashed line over the whole sheet above a row and its text."""
        y = self._corner(row, 0)[1] - LINE - GAP / 2 - 2
        self.figure.add_artist(
            Line2D(
                [self._left / self._width, 1 - GAP / self._width],
                [1 - y / self._height] * 2,
                color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)),
            )
        )  # fmt: skip

    def name_column(self, column: int, text: str) -> None:
        """Write above the first tile of a column."""
        x, y = self._corner(0, column)
        self._write(x + self._tile / 2, y - 6, text, ha="center", va="bottom", fontweight="bold")

    def add_plots(self, count: int, *, left: int = 92, shared: bool = False) -> list[Axes]:
        """Return axes side by side below the tiles, with room for their titles and labels.

        Args:
            count: How many.
            left: Room for the labels left of a plot, in pixels.
            shared: Whether the first one alone has such labels.
        """
        rooms = [left if number == 0 or not shared else 4 * GAP for number in range(count)]
        width = (self._width - count * GAP - sum(rooms)) / count
        height = self._below - PLOT_TOP - PLOT_BOTTOM
        plots, x = [], 0.0
        for room in rooms:
            x += room
            plots.append(
                self.figure.add_axes(
                    (
                        x / self._width,
                        PLOT_BOTTOM / self._height,
                        width / self._width,
                        height / self._height,
                    )
                )
            )
            x += width + GAP
        return plots

    def name_columns(self, first: int, last: int, text: str, lines: int = 2) -> None:
        """Write above several columns and the lines of their names, over a line that spans them."""
        x0, y = self._corner(0, first)
        x1 = self._corner(0, last)[0] + self._tile
        self._write((x0 + x1) / 2, y - lines * LINE - 14, text, ha="center", va="bottom")
        self.figure.add_artist(
            Rectangle(
                (x0 / self._width, 1 - (y - lines * LINE - 10) / self._height),
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
            x - 8, y + self._tile / 2, text,
            ha="right", va="center", rotation="vertical", rotation_mode="default",
            fontweight="bold",
        )  # fmt: skip

    def write_left(self, row: int, text: str, colour: str) -> None:
        """Write lines left of the first tile of a row, from the left edge."""
        _, y = self._corner(row, 0)
        middle = y + self._tile / 2
        self._write(float(GAP), middle, text, ha="left", va="center", color=colour, linespacing=1.3)

    def write_below(self, row: int, column: int, text: str) -> None:
        """Write below a tile, centred."""
        x, y = self._corner(row, column)
        below = y + self._tile + self._strip + 4
        self._write(x + self._tile / 2, below, text, ha="center", va="top", color=QUIET)


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


def draw_box(axes: Axes, box: Sequence[int] | Sequence[float], colour: str = "white") -> None:
    """Outline a box (x0, y0, x1, y1) on a tile, in pixels of the image."""
    x0, y0, x1, y1 = box
    for stroke, width in (("black", 2.2), (colour, 1.1)):
        axes.add_patch(
            Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=stroke, linewidth=width)
        )
