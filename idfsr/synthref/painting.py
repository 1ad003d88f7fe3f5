"""Brushes for what stands behind a head: noise, gradients, boxes, lights out of focus, people."""

import cv2
import numpy as np

from idfsr.synthref.chance import happens
from idfsr.synthref.color import to_linear

WORK_SIZE = 160
"""Side in pixels at which surroundings are painted: nearly all are blurred anyway."""
NATURAL = (
    (196, 188, 176), (172, 160, 142), (142, 120, 96), (108, 84, 62), (158, 164, 166),
    (112, 122, 128), (96, 108, 92), (206, 202, 196), (134, 138, 146), (84, 78, 74),
    (60, 58, 58), (224, 224, 222), (122, 70, 52), (70, 80, 98), (176, 170, 162),
    (104, 110, 118), (46, 52, 62), (150, 152, 154), (186, 192, 198),
)  # fmt: skip
"""sRGB colours of plaster, wood, stone, brick, cloth."""
SKINS = ((222, 180, 156), (198, 152, 122), (164, 116, 88), (116, 78, 56), (74, 48, 36))
"""sRGB colours of people far behind."""


def noise_field(rng: np.random.Generator, size: int, cells: int) -> np.ndarray:
    """Return smooth normal noise with so many cells a side."""
    grid = rng.standard_normal((cells + 2, cells + 2)).astype(np.float32)
    return np.asarray(cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC))


def cloudy(rng: np.random.Generator, size: int, cells: int) -> np.ndarray:
    """Add noise of several scales, each half as strong as the one before."""
    layers = (noise_field(rng, size, cells * 2**octave) / 2**octave for octave in range(3))
    return np.asarray(sum(layers))


def natural_color(rng: np.random.Generator, low: float = 0.6, high: float = 1.25) -> np.ndarray:
    """Draw the colour of some material, linear RGB."""
    color = np.array(NATURAL[int(rng.integers(len(NATURAL)))], np.float64)
    return to_linear(np.clip(color * rng.uniform(low, high) + rng.normal(0, 5, 3), 8, 245))


def grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return y and x of the pixels in [0, 1]."""
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32) / size
    return rows, columns


def blur_some(canvas: np.ndarray, low: float, high: float, rng: np.random.Generator) -> np.ndarray:
    """Blur by a random share of the side."""
    return np.asarray(cv2.GaussianBlur(canvas, (0, 0), rng.uniform(low, high) * WORK_SIZE))


def paint_gradient(rng: np.random.Generator, size: int) -> np.ndarray:
    """Paint one material whose light falls off to one side."""
    rows, columns = grid(size)
    angle = rng.uniform(0, 2 * np.pi)
    t = 0.5 + (columns - 0.5) * np.cos(angle) + 0.6 * (rows - 0.5) * np.sin(angle)
    falloff = rng.uniform(0.3, 0.95) ** np.clip(t, 0, 1)
    return np.asarray(falloff[..., None] * natural_color(rng), np.float32)


def lay_box(
    canvas: np.ndarray, box: tuple[float, float, float, float], color: np.ndarray, blur: float
) -> None:
    """Lay a rectangle (left, top, right, bottom as shares) with blurred edges over a canvas."""
    size = len(canvas)
    layer = np.zeros(canvas.shape[:2], np.float32)
    left, top, right, bottom = (round(value * size) for value in box)
    cv2.rectangle(layer, (left, top), (right, bottom), 1.0, -1)
    layer = cv2.GaussianBlur(layer, (0, 0), blur * size)[..., None]
    canvas += layer * (np.asarray(color, np.float32) - canvas)


def _disc(canvas: np.ndarray, place: tuple[float, float], radius: float, color: np.ndarray) -> None:
    """Add the disc of a light out of focus, a little brighter at the rim; shares of the side."""
    size = len(canvas)
    reach = int(radius * size) + 2
    x, y = place[0] * size, place[1] * size
    left, top = max(int(x) - reach, 0), max(int(y) - reach, 0)
    part = canvas[top : int(y) + reach + 1, left : int(x) + reach + 1]
    if part.size == 0:
        return
    rows, columns = np.mgrid[: part.shape[0], : part.shape[1]].astype(np.float32)
    away = np.hypot(rows + top - y, columns + left - x) / (radius * size)
    disc = np.clip((1 - away) * radius * size, 0, 1) * (0.75 + 0.35 * away**4)
    part += disc[..., None] * color.astype(np.float32)


def add_lights(
    rng: np.random.Generator, canvas: np.ndarray, count: int, tint: tuple[float, float, float]
) -> None:
    """Add the discs of lights out of focus."""
    radius = rng.uniform(0.015, 0.07)
    for _ in range(count):
        place = tuple(rng.uniform(0, 1, 2))
        color = np.array(tint) * rng.uniform(0.7, 1.2, 3) * rng.lognormal(-1.6, 0.8)
        _disc(canvas, place, radius * rng.uniform(0.7, 1.2), color)


def lay_furniture(rng: np.random.Generator, canvas: np.ndarray, count: int, *, tall: bool) -> None:
    """Lay boxes over a canvas: doors and cupboards, or what stands on shelves."""
    for _ in range(count):
        left, top = rng.uniform(-0.15, 0.95), rng.uniform(-0.2, 0.7)
        wide = rng.uniform(0.1, 0.35)
        high = rng.uniform(0.5, 1.3) if tall else rng.uniform(0.08, 0.3)
        # Muted by the air and the room's own light: never far from what is behind it.
        color = 0.75 * natural_color(rng, 0.3, 1.2) + 0.25 * canvas.mean(axis=(0, 1))
        lay_box(canvas, (left, top, left + wide, top + high), color, rng.uniform(0.008, 0.03))


def draw_person(
    rng: np.random.Generator, canvas: np.ndarray, x: float, y: float, head: float
) -> None:
    """Draw somebody far behind: clothes, neck, head, hair."""
    side = len(canvas)
    skin = to_linear(np.array(SKINS[int(rng.integers(len(SKINS)))]) * rng.uniform(0.8, 1.1))
    cloth, hair = (
        natural_color(rng, 0.15, 1.1),
        to_linear(rng.uniform(12, 90) * np.array([1, 0.8, 0.6])),
    )

    def oval(dx: float, dy: float, wide: float, high: float, color: np.ndarray) -> None:
        centre = (int((x + dx * head) * side), int((y + dy * head) * side))
        axes = (max(1, int(wide * head * side)), max(1, int(high * head * side)))
        cv2.ellipse(canvas, centre, axes, 0, 0, 360, color.tolist(), -1, cv2.LINE_AA)

    oval(0.0, 2.9, 1.35, 1.9, cloth)
    oval(0.0, 0.9, 0.32, 0.6, 0.7 * skin)
    oval(0.0, -0.12, 0.66, 0.8, hair)
    if happens(rng, 0.8):
        oval(rng.normal(0, 0.12), 0.1, 0.52, 0.66, skin)
