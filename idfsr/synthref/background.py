"""Out-of-focus surroundings: loaded, wall, room, window, foliage, street, lights at night."""

from dataclasses import replace

import cv2
import numpy as np
from jaxtyping import Float

from idfsr.synthref.color import to_linear
from idfsr.synthref.pose import Light

KINDS = ("loaded", "wall", "room", "window", "foliage", "street", "lights")
KIND_SHARES = (0.24, 0.13, 0.17, 0.12, 0.16, 0.12, 0.06)
WORK_SIZE = 160
"""Side in pixels at which surroundings are painted: they are blurred anyway."""
MIDDLE_GREY = 0.2
"""Linear light of surroundings that leave the ambient light as it is."""
CHROMA_TAKEN = 0.5
NATURAL = (
    (196, 188, 176), (172, 160, 142), (142, 120, 96), (108, 84, 62), (158, 164, 166),
    (112, 122, 128), (96, 108, 92), (206, 202, 196), (134, 138, 146), (84, 78, 74),
)  # fmt: skip
"""sRGB colours of plaster, wood, stone, cloth."""


def _noise(rng: np.random.Generator, size: int, cells: int) -> np.ndarray:
    grid = rng.standard_normal((cells + 2, cells + 2)).astype(np.float32)
    return np.asarray(cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC))


def _cloudy(rng: np.random.Generator, size: int, cells: int) -> np.ndarray:
    """Add noise of several scales, each half as strong as the one before."""
    layers = (_noise(rng, size, cells * 2**octave) / 2**octave for octave in range(3))
    return np.asarray(sum(layers))


def _natural(rng: np.random.Generator, low: float = 0.6, high: float = 1.25) -> np.ndarray:
    """Draw the colour of some material, linear RGB."""
    color = np.array(NATURAL[int(rng.integers(len(NATURAL)))], np.float64)
    return to_linear(np.clip(color * rng.uniform(low, high) + rng.normal(0, 5, 3), 8, 245))


def _grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return y and x of the pixels in [0, 1]."""
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32) / size
    return rows, columns


def _gradient(rng: np.random.Generator, size: int) -> np.ndarray:
    """Paint one material whose light falls off to one side."""
    rows, columns = _grid(size)
    angle = rng.uniform(0, 2 * np.pi)
    t = 0.5 + (columns - 0.5) * np.cos(angle) + 0.6 * (rows - 0.5) * np.sin(angle)
    falloff = rng.uniform(0.45, 0.9) ** np.clip(t, 0, 1)
    return np.asarray(falloff[..., None] * _natural(rng), np.float32)


def _studio(rng: np.random.Generator, size: int) -> np.ndarray:
    """Paint paper with the round light of a lamp, darker to the corners."""
    rows, columns = _grid(size)
    grey = rng.uniform(45, 225)
    paper = to_linear(np.clip(grey + rng.normal(0, 7, 3), 20, 245))
    x, y = rng.uniform(0.25, 0.75), rng.uniform(0.2, 0.65)
    away = ((columns - x) ** 2 + (rows - y) ** 2) / rng.uniform(0.25, 0.7)
    light = rng.uniform(0.45, 0.75) + 0.6 * np.exp(-away)
    return np.asarray(light[..., None] * paper, np.float32)


def _soft_box(
    canvas: np.ndarray, box: tuple[float, float, float, float], color: np.ndarray, blur: float
) -> None:
    """Lay a rectangle (left, top, right, bottom as shares) with blurred edges over a canvas."""
    size = len(canvas)
    layer = np.zeros(canvas.shape[:2], np.float32)
    left, top, right, bottom = (round(value * size) for value in box)
    cv2.rectangle(layer, (left, top), (right, bottom), 1.0, -1)
    layer = cv2.GaussianBlur(layer, (0, 0), blur * size)[..., None]
    canvas += layer * (np.asarray(color, np.float32) - canvas)


def _furniture(rng: np.random.Generator, canvas: np.ndarray, count: int, *, tall: bool) -> None:
    for _ in range(count):
        left, top = rng.uniform(-0.15, 0.95), rng.uniform(-0.2, 0.7)
        wide = rng.uniform(0.1, 0.35)
        high = rng.uniform(0.5, 1.3) if tall else rng.uniform(0.08, 0.3)
        # Muted by the air and the room's own light: never far from what is behind it.
        color = 0.6 * _natural(rng, 0.4, 1.2) + 0.4 * canvas.mean(axis=(0, 1))
        _soft_box(canvas, (left, top, left + wide, top + high), color, rng.uniform(0.02, 0.05))


def _bokeh(
    rng: np.random.Generator, canvas: np.ndarray, count: int, tint: tuple[float, float, float]
) -> None:
    """Add the discs of lights out of focus, a little brighter at the rim."""
    size = len(canvas)
    radius = rng.uniform(0.025, 0.07)
    color = np.array(tint)
    for _ in range(count):
        layer = np.zeros(canvas.shape[:2], np.float32)
        x, y = rng.uniform(0, 1, 2) * size * 16
        reach = radius * rng.uniform(0.7, 1.2) * size * 16
        cv2.circle(layer, (int(x), int(y)), int(reach), 1.0, -1, cv2.LINE_AA, 4)
        layer = 0.75 * layer + 0.25 * (layer - cv2.GaussianBlur(layer, (0, 0), 0.02 * size))
        shade = np.clip(color * rng.uniform(0.75, 1.2, 3), 0, None) * rng.uniform(0.05, 0.5)
        canvas += np.maximum(layer, 0)[..., None] * shade.astype(np.float32)


def _foliage(rng: np.random.Generator, size: int) -> np.ndarray:
    rows, _ = _grid(size)
    leaf = to_linear(np.array([rng.uniform(66, 112), rng.uniform(88, 122), rng.uniform(48, 74)]))
    depth = 0.75 * _cloudy(rng, size, int(rng.integers(3, 6)))
    canvas = (leaf * np.exp(depth - 0.6 * (rows - 0.3))[..., None]).astype(np.float32)
    gaps = np.clip(0.8 * _cloudy(rng, size, 4) - 1.3 * rows - 0.1, 0, 1)[..., None]
    canvas += gaps * (np.array([0.72, 0.8, 0.84], np.float32) - canvas)
    _bokeh(rng, canvas, 16, (0.75, 0.85, 0.5))
    return canvas


def _street(rng: np.random.Generator, size: int) -> np.ndarray:
    rows, _ = _grid(size)
    horizon = rng.uniform(0.35, 0.65)
    sky = to_linear(np.array([168, 188, 210.0]) * rng.uniform(0.8, 1.1))
    ground = _natural(rng, 0.6, 1.0)
    t = (1 / (1 + np.exp(-(rows - horizon) / 0.06)))[..., None]
    canvas = (sky * (1 + 0.25 * (rows - 0.2))[..., None] * (1 - t) + ground * t).astype(np.float32)
    for _ in range(int(rng.integers(2, 6))):
        left, wide = rng.uniform(-0.2, 1.0), rng.uniform(0.12, 0.4)
        top = horizon - rng.uniform(0.05, 0.5)
        color = 0.65 * _natural(rng, 0.5, 1.1) + 0.35 * sky
        _soft_box(canvas, (left, top, left + wide, horizon + 0.1), color, 0.035)
    _bokeh(rng, canvas, int(rng.integers(0, 8)), (0.9, 0.8, 0.65))
    return canvas


def _wall(rng: np.random.Generator, size: int) -> np.ndarray:
    mottle = 1 + 0.04 * _cloudy(rng, size, 6) + 0.02 * _noise(rng, size, 60)
    canvas = _gradient(rng, size) * mottle[..., None]
    if rng.random() < 0.5:  # noqa: PLR2004 (half of the walls are of brick or of boards)
        gap = rng.uniform(0.07, 0.2)
        rows, columns = _grid(size)
        across = rows if rng.random() < 0.6 else columns  # noqa: PLR2004
        joint = np.exp(-(((across / gap) % 1 - 0.5) ** 2) / 0.004)
        canvas *= (1 - rng.uniform(0.08, 0.3) * joint)[..., None]
    return np.asarray(canvas, np.float32)


def paint_background(rng: np.random.Generator, size: int) -> Float[np.ndarray, "size size 3"]:
    """Paint surroundings of a random kind, linear RGB.

    Args:
        rng: Stream of the image.
        size: Side in pixels.
    """
    kind = str(rng.choice(KINDS, p=KIND_SHARES))
    blur = rng.uniform(0.015, 0.035)
    if kind == "loaded":
        canvas = _studio(rng, WORK_SIZE)
    elif kind == "wall":
        canvas, blur = _wall(rng, WORK_SIZE), rng.uniform(0.008, 0.02)
    elif kind == "foliage":
        canvas = _foliage(rng, WORK_SIZE)
    elif kind == "street":
        canvas = _street(rng, WORK_SIZE)
    else:
        canvas = _gradient(rng, WORK_SIZE)
        _furniture(rng, canvas, 3, tall=True)
        _furniture(rng, canvas, 5, tall=False)
        if kind == "window":
            left, wide = rng.uniform(-0.2, 0.8), rng.uniform(0.2, 0.5)
            pane = np.array([0.85, 0.92, 1.0]) * rng.uniform(0.7, 1.1)
            sill = rng.uniform(0.5, 0.9)
            for half in (0.0, 0.53 * wide):
                box = (left + half, -0.1, left + half + 0.47 * wide, sill)
                _soft_box(canvas, box, pane, 0.02)
        elif kind == "lights":
            canvas *= rng.uniform(0.08, 0.3)
            _bokeh(rng, canvas, 26, (1.0, 0.72, 0.42))
            blur = 0.008
        else:
            _bokeh(rng, canvas, int(rng.integers(0, 5)), (1.0, 0.85, 0.62))
    blurred = cv2.GaussianBlur(canvas, (0, 0), blur * WORK_SIZE)
    full = cv2.resize(blurred, (size, size), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(full, 0, 1.5), np.float32)


def light_in_surroundings(light: Light, background: Float[np.ndarray, "H W 3"]) -> Light:
    """Tint ambient light by what surrounds the head, half as strongly."""
    upper, lower = (
        background[rows].mean(axis=(0, 1)).astype(np.float64)
        for rows in (slice(0, len(background) // 2), slice(len(background) // 2, None))
    )

    def tint(color: np.ndarray) -> np.ndarray:
        brightness = np.clip((color.mean() / MIDDLE_GREY) ** 0.35, 0.8, 1.25)
        chroma = np.clip(color / (color.mean() + 1e-6), 0.5, 1.6)
        return np.asarray(brightness * chroma**CHROMA_TAKEN)

    return replace(light, sky=light.sky * tint(upper), ground=light.ground * tint(lower))
