"""Cut-outs of a face: its eyes, its mouth and the person's mark, placed by the landmarks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

HEIGHT = 60
"""Of a cut-out, in pixels of the figure."""

WIDTHS = {"eyes": 2.0, "mouth": 1.3, "mark": 0.7}
"""Width of each cut-out over the distance between the eyes."""

COLOURS = {"eyes": "#00a5cf", "mouth": "#d81b8c", "mark": "#f2a900"}
"""Of its frame."""


@dataclass(frozen=True)
class Zoom:
    """A part of a face."""

    name: str
    """A key of `WIDTHS`."""
    box: tuple[float, float, float, float]
    """(x0, y0, x1, y1) in pixels of the image."""
    width: int
    """Of the cut-out in pixels of the figure; it is `HEIGHT` high."""


def find_zooms(
    landmarks: Float[np.ndarray, "5 2"],
    mark: Float[np.ndarray, "2"] | None,
    room: int,
    *,
    with_mark: bool,
) -> list[Zoom]:
    """Return the cut-outs of a face from left to right.

    Args:
        landmarks: Of the face, (x, y) in pixels.
        mark: Where the person's mark is; None if it is not to be seen in this image.
        room: For all cut-outs without the gaps between them, in pixels of the figure.
        with_mark: Whether there is room for a mark.
    """
    middles = {"eyes": landmarks[:2].mean(axis=0), "mouth": landmarks[3:].mean(axis=0)}
    names = [*middles, *(["mark"] if with_mark else [])]
    if mark is not None:
        middles["mark"] = mark
    distance = float(np.linalg.norm(landmarks[1] - landmarks[0]))
    widths = _share(room, [WIDTHS[name] for name in names])
    zooms = []
    for name, width in zip(names, widths, strict=True):
        if name in middles:
            half = WIDTHS[name] * distance / 2 * np.array([1, HEIGHT / width])
            low, high = middles[name] - half, middles[name] + half
            box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
            zooms.append(Zoom(name, box, width))
    return zooms


def _share(room: int, shares: Sequence[float]) -> list[int]:
    """Divide a room by the square roots of shares, so that the small ones can still be seen."""
    roots = np.sqrt(shares)
    ends = np.round(np.cumsum(roots) / roots.sum() * room).astype(int)
    return [int(width) for width in np.diff(ends, prepend=0)]


def cut_out(image: UInt8[np.ndarray, "S S 3"], zoom: Zoom) -> UInt8[np.ndarray, "h w 3"]:
    """Cut a part out of an image and bring it to its size in the figure, by Pillow's bicubic.

    A box that juts out of the image is moved inside.
    """
    x0, y0, x1, y1 = zoom.box
    height, width, _ = image.shape
    right = min(max(-x0, 0), width - x1) if x0 < 0 else min(0.0, width - x1)
    down = min(max(-y0, 0), height - y1) if y0 < 0 else min(0.0, height - y1)
    box = (
        max(x0 + right, 0), max(y0 + down, 0), min(x1 + right, width), min(y1 + down, height)
    )  # fmt: skip
    resized = Image.fromarray(image).resize((zoom.width, HEIGHT), Image.Resampling.BICUBIC, box=box)
    return np.array(resized)
