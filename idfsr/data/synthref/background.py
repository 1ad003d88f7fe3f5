"""Out-of-focus surroundings: studio, wall, room, window, foliage, street, lights at night."""

import cv2
import numpy as np
from jaxtyping import Float

from idfsr.data.synthref.color import to_linear

KINDS = ("studio", "wall", "room", "window", "foliage", "street", "lights")


def _noise(rng: np.random.Generator, size: int, cells: int) -> np.ndarray:
    grid = rng.standard_normal((cells + 2, cells + 2)).astype(np.float32)
    return np.asarray(cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC))


def _muted(rng: np.random.Generator, low: int, high: int) -> np.ndarray:
    """Draw a colour of little saturation, linear RGB."""
    value = rng.uniform(low, high)
    return to_linear(np.clip(value + rng.normal(0, 14, 3), 5, 250))


def _gradient(rng: np.random.Generator, size: int, low: int, high: int) -> np.ndarray:
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32) / size - 0.5
    angle = rng.uniform(0, 2 * np.pi)
    t = np.clip(
        0.5 + rng.uniform(0.3, 1.1) * (columns * np.cos(angle) + rows * np.sin(angle)), 0, 1
    )
    one = _muted(rng, low, high)
    other = np.clip(one * rng.uniform(0.45, 1.9) + rng.normal(0, 0.02, 3), 0.005, 0.95)
    return np.asarray(one + t[..., None] * (other - one), np.float32)


def _rectangles(
    rng: np.random.Generator,
    canvas: np.ndarray,
    count: int,
    greys: tuple[int, int],
    *,
    tall: bool,
) -> None:
    size = len(canvas)
    for _ in range(count):
        wide = rng.uniform(0.04, 0.3) * size
        high_ = rng.uniform(0.3, 1.2) * size if tall else rng.uniform(0.03, 0.25) * size
        x, y = rng.uniform(-0.1, 1.0, 2) * size
        corner = (int(x + wide), int(y + high_))
        cv2.rectangle(canvas, (int(x), int(y)), corner, _muted(rng, *greys).tolist(), -1)


def _discs(rng: np.random.Generator, canvas: np.ndarray, count: int, *, warm: bool) -> None:
    size = len(canvas)
    for _ in range(count):
        layer = np.zeros(canvas.shape[:2], np.float32)
        centre = tuple((rng.uniform(0, 1, 2) * size).astype(int).tolist())
        cv2.circle(layer, centre, int(rng.uniform(0.02, 0.08) * size), 1.0, -1, cv2.LINE_AA)
        color = rng.uniform(0.3, 1.0, 3) * ([1.0, 0.75, 0.4] if warm else [0.8, 1.0, 0.7])
        canvas += layer[..., None] * (rng.uniform(0.1, 0.6) * color).astype(np.float32)


def paint_background(rng: np.random.Generator, size: int) -> Float[np.ndarray, "size size 3"]:
    """Paint surroundings of a random kind, linear RGB.

    Args:
        rng: Stream of the image.
        size: Side in pixels.
    """
    kind = str(rng.choice(KINDS))
    blur = rng.uniform(0.012, 0.04)
    canvas = np.ascontiguousarray(_gradient(rng, size, 60, 215))
    if kind == "wall":
        blur = rng.uniform(0.002, 0.01)
        canvas *= (
            1 + 0.05 * _noise(rng, size, 40)[..., None] + 0.05 * _noise(rng, size, 7)[..., None]
        )
        for line in np.arange(0, size, int(rng.uniform(0.08, 0.5) * size)):
            cv2.line(canvas, (0, int(line)), (size, int(line)), _muted(rng, 60, 140).tolist(), 1)
    elif kind == "room":
        _rectangles(rng, canvas, 4, (30, 200), tall=True)
        _rectangles(rng, canvas, 12, (20, 220), tall=False)
    elif kind == "window":
        _rectangles(rng, canvas, 3, (25, 120), tall=True)
        _rectangles(rng, canvas, 3, (225, 250), tall=True)
    elif kind == "foliage":
        leaf = to_linear(
            np.array([rng.uniform(60, 120), rng.uniform(95, 150), rng.uniform(35, 70)])
        )
        mottle = 0.55 * _noise(rng, size, 9) + 0.35 * _noise(rng, size, 26)
        canvas = (leaf * np.exp(0.8 * mottle)[..., None]).astype(np.float32)
        sky = np.clip(_noise(rng, size, 6) - 0.6, 0, 1)[..., None]
        canvas += sky * (np.array([0.75, 0.85, 0.95], np.float32) - canvas)
        _discs(rng, canvas, 14, warm=False)
    elif kind == "street":
        horizon = int(rng.uniform(0.25, 0.6) * size)
        canvas[:horizon] = to_linear(np.array([175, 200, 228.0])) * rng.uniform(0.6, 1.1)
        _rectangles(rng, canvas, 7, (50, 190), tall=True)
        _rectangles(rng, canvas, 5, (30, 200), tall=False)
    elif kind == "lights":
        canvas *= 0.12
        _discs(rng, canvas, 24, warm=True)
        blur = 0.01
    blurred = cv2.GaussianBlur(canvas, (0, 0), blur * size)
    return np.asarray(np.clip(blurred * (1 + 0.05 * _noise(rng, size, 4)[..., None]), 0, 1.5))
