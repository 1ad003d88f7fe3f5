"""What stands behind the head, mostly out of focus: painted in linear light, where white is 1.

Colours are those of things in white light; the light that falls on them comes from the place.
"""

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from jaxtyping import Float

from idfsr.synthref.chance import happens
from idfsr.synthref.color import LUMINANCE, to_linear
from idfsr.synthref.painting import (
    WORK_SIZE,
    add_lights,
    blur_some,
    cloudy,
    draw_person,
    grid,
    lay_box,
    lay_furniture,
    natural_color,
    noise_field,
    paint_gradient,
)

BRIGHTEST = 6.0
MUTED, COOLER = (0.15, 0.75), (-0.03, 0.1)
"""Share of grey in colours; by how much less red and more blue that grey is."""
COLORFUL = 0.4
"""Of that share for leaves and the sky."""
WALLS_OF_SPONSORS = (
    (244, 244, 244), (240, 238, 232), (18, 18, 20), (26, 32, 58), (140, 26, 36), (56, 60, 66),
    (44, 78, 124), (186, 158, 100), (86, 92, 100), (206, 210, 214), (228, 230, 234), (40, 44, 50),
)  # fmt: skip
"""sRGB colours of press walls and of what is printed on them."""
LETTERS = "BCDFGHLMNPRTVWXZ"
"""Without vowels and without repeats nothing can be read into a word."""


def _cutout(rng: np.random.Generator) -> np.ndarray:
    """Paint paper so bright that it is white in the picture, or nearly."""
    rows, columns = grid(WORK_SIZE)
    corners = (columns - 0.5) ** 2 + (rows - 0.4) ** 2
    level = rng.uniform(0.85, 1.9) * (1 - rng.uniform(0, 0.3) * corners)
    return np.asarray(level[..., None] * (1 + rng.normal(0, 0.012, 3)), np.float32)


def _paper(rng: np.random.Generator) -> np.ndarray:
    """Paint paper or cloth with the round light of a lamp, darker to the corners."""
    rows, columns = grid(WORK_SIZE)
    grey = rng.uniform(25, 225)
    paper = to_linear(np.clip(grey * (1 + rng.normal(0, 0.06, 3)), 12, 245))
    x, y = rng.uniform(0.1, 0.9), rng.uniform(0.1, 0.9)
    away = ((columns - x) ** 2 + (rows - y) ** 2) / rng.uniform(0.2, 0.8)
    light = rng.uniform(0.35, 0.8) + rng.uniform(0.2, 0.7) * np.exp(-away)
    light = light * (1 + rng.uniform(0, 0.08) * cloudy(rng, WORK_SIZE, 3))
    return np.asarray(light[..., None] * paper, np.float32)


def _dark(rng: np.random.Generator) -> np.ndarray:
    """Paint a hall or a curtain that hardly any light reaches."""
    canvas = paint_gradient(rng, WORK_SIZE)
    lay_furniture(rng, canvas, int(rng.integers(0, 5)), tall=True)
    canvas *= rng.uniform(0.03, 0.35)
    if happens(rng, 0.4):
        add_lights(rng, canvas, int(rng.integers(1, 8)), (0.8, 0.75, 0.7))
    return blur_some(canvas, 0.004, 0.03, rng)


def _wall(rng: np.random.Generator) -> np.ndarray:
    mottle = 1 + 0.05 * cloudy(rng, WORK_SIZE, 6) + 0.03 * noise_field(rng, WORK_SIZE, 60)
    canvas = paint_gradient(rng, WORK_SIZE) * mottle[..., None]
    if happens(rng, 0.4):  # bricks or boards
        gap = rng.uniform(0.07, 0.2)
        rows, columns = grid(WORK_SIZE)
        across = rows if happens(rng, 0.6) else columns
        joint = np.exp(-(((across / gap) % 1 - 0.5) ** 2) / 0.004)
        canvas *= (1 - rng.uniform(0.08, 0.3) * joint)[..., None]
    if happens(rng, 0.3):  # the edge of a door, a frame or a corner
        left = rng.uniform(-0.3, 0.9)
        box = (left, -0.1, left + rng.uniform(0.1, 0.6), rng.uniform(0.6, 1.2))
        lay_box(canvas, box, natural_color(rng), 0.006)
    return blur_some(canvas.astype(np.float32), 0.001, 0.014, rng)


def _logo(rng: np.random.Generator) -> Callable[[np.ndarray, int, int, float], None]:
    """Draw a word or a sign, once for all its repeats; returns how to stamp it."""
    word = "".join(rng.choice(list(LETTERS), int(rng.integers(2, 9)), replace=False))
    font = int(rng.choice([cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX]))
    thickness = int(rng.integers(2, 5))
    is_word, ring = happens(rng, 0.88), happens(rng, 0.5)

    def stamp(layer: np.ndarray, x: int, y: int, height: float) -> None:
        if is_word:
            scale = height / 22
            width, _ = cv2.getTextSize(word, font, scale, thickness)[0]
            place = (x - width // 2, y + int(height / 2))
            cv2.putText(
                layer, word, place, font, scale, 1.0, max(1, int(thickness * scale)), cv2.LINE_AA
            )
        else:
            size = max(2, int(height * 0.7))
            width = max(2, int(height * 0.2)) if ring else -1
            cv2.circle(layer, (x, y), size, 1.0, width, cv2.LINE_AA)

    return stamp


def _press(rng: np.random.Generator) -> np.ndarray:
    """Paint a wall with the signs of sponsors, repeated, in one or two colours."""
    first, second, third = rng.permutation(len(WALLS_OF_SPONSORS))[:3]
    wall, ink, other = (
        to_linear(np.clip(np.array(WALLS_OF_SPONSORS[i]) + rng.normal(0, 8, 3), 6, 250))
        for i in (first, second, third)
    )
    rows, columns = grid(WORK_SIZE)
    slope = rng.normal(0, 0.35, 2)
    light = 1 + slope[0] * (columns - 0.5) + slope[1] * (rows - 0.5)
    canvas = np.broadcast_to(wall, (WORK_SIZE, WORK_SIZE, 3)).astype(np.float32)
    height = rng.lognormal(np.log(0.07), 0.4) * WORK_SIZE
    gap_x, gap_y = height * rng.uniform(3.5, 6.5), height * rng.uniform(2.0, 3.5)
    start = rng.uniform(0, 1, 2)
    logos = [_logo(rng), _logo(rng)]
    layers = np.zeros((2, WORK_SIZE, WORK_SIZE), np.float32)
    for row in range(-1, int(WORK_SIZE / gap_y) + 2):
        for column in range(-1, int(WORK_SIZE / gap_x) + 2):
            x = int((column + start[0] + 0.5 * (row % 2)) * gap_x)
            y = int((row + start[1]) * gap_y)
            which = (row + column) % 2
            logos[which](layers[which], x, y, height)
    for layer, color in zip(layers, (ink, other), strict=True):
        canvas += layer[..., None] * (color.astype(np.float32) - canvas)
    if happens(rng, 0.3):  # the edge of a panel
        left = rng.uniform(-0.2, 0.9)
        lay_box(canvas, (left, -0.1, left + rng.uniform(0.2, 0.7), 1.2), other, 0.004)
    canvas = canvas * light[..., None].astype(np.float32)
    return blur_some(canvas, 0.003, 0.02, rng)


def _crowd(rng: np.random.Generator) -> np.ndarray:
    """Paint people out of focus, the farthest first."""
    canvas = paint_gradient(rng, WORK_SIZE) * np.float32(rng.uniform(0.2, 1.0))
    lay_furniture(rng, canvas, 4, tall=True)
    head = rng.uniform(0.05, 0.13)
    for row in range(int(rng.integers(1, 4))):
        for _ in range(int(rng.integers(2, 6))):
            size = head * (1 + 0.35 * row) * rng.uniform(0.85, 1.15)
            draw_person(rng, canvas, rng.uniform(0, 1), rng.uniform(0.2, 0.5) + 0.18 * row, size)
    return blur_some(canvas, 0.012, 0.035, rng)


def _interior(rng: np.random.Generator) -> np.ndarray:
    canvas = paint_gradient(rng, WORK_SIZE)
    rows, _ = grid(WORK_SIZE)
    lay_furniture(rng, canvas, int(rng.integers(2, 5)), tall=True)
    lay_furniture(rng, canvas, int(rng.integers(3, 9)), tall=False)
    for _ in range(int(rng.integers(0, 3))):  # lamps and bright doorways
        left, top = rng.uniform(-0.1, 1), rng.uniform(-0.1, 0.6)
        box = (left, top, left + rng.uniform(0.03, 0.25), top + rng.uniform(0.05, 0.5))
        lay_box(canvas, box, rng.uniform(0.6, 2.0) * np.array([1.0, 0.9, 0.74]), 0.015)
    canvas *= (1 + rng.normal(0, 0.3) * (rows - 0.5))[..., None]
    add_lights(rng, canvas, int(rng.integers(0, 6)), (1.0, 0.85, 0.62))
    return blur_some(canvas, 0.006, 0.035, rng)


def _window(rng: np.random.Generator) -> np.ndarray:
    canvas = paint_gradient(rng, WORK_SIZE) * np.float32(0.6)
    lay_furniture(rng, canvas, 4, tall=False)
    left, wide = rng.uniform(-0.2, 0.8), rng.uniform(0.2, 0.6)
    pane = np.array([0.85, 0.95, 1.05]) * rng.uniform(0.9, 2.5)
    sill = rng.uniform(0.5, 1.1)
    for half in (0.0, 0.53 * wide):
        lay_box(canvas, (left + half, -0.1, left + half + 0.47 * wide, sill), pane, 0.006)
    return blur_some(canvas, 0.006, 0.025, rng)


def _bokeh(rng: np.random.Generator) -> np.ndarray:
    canvas = blur_some(
        paint_gradient(rng, WORK_SIZE) * np.float32(rng.uniform(0.05, 0.4)), 0.02, 0.04, rng
    )
    tint = (1.0, rng.uniform(0.6, 0.95), rng.uniform(0.3, 0.95))
    add_lights(rng, canvas, int(rng.integers(8, 40)), tint)
    return canvas


def _foliage(rng: np.random.Generator) -> np.ndarray:
    rows, _ = grid(WORK_SIZE)
    leaf = to_linear(np.array([rng.uniform(62, 116), rng.uniform(84, 122), rng.uniform(40, 76)]))
    depth = rng.uniform(0.6, 1.0) * cloudy(rng, WORK_SIZE, int(rng.integers(3, 9)))
    canvas = (leaf * np.exp(depth - 0.6 * (rows - 0.3))[..., None]).astype(np.float32)
    gaps = np.clip(0.8 * cloudy(rng, WORK_SIZE, 4) - 1.3 * rows - 0.1, 0, 1)[..., None]
    sky = np.array([0.8, 0.9, 0.96], np.float32) * np.float32(rng.uniform(0.7, 1.6))
    canvas += gaps * (sky - canvas)
    if happens(rng, 0.3):  # trunks
        lay_furniture(rng, canvas, int(rng.integers(1, 4)), tall=True)
    canvas = blur_some(canvas, 0.006, 0.035, rng)
    add_lights(rng, canvas, int(rng.integers(0, 18)), (0.75, 0.85, 0.5))
    return blur_some(canvas, 0.004, 0.012, rng)


def _sky(rng: np.random.Generator) -> np.ndarray:
    """Paint a clear, a cloudy or an evening's sky, often with something at its foot."""
    rows, _ = grid(WORK_SIZE)
    blue = to_linear(
        np.array([[96.0, 142, 200], [150, 176, 206], [176, 190, 206], [206, 168, 140]])
    )
    top = blue[int(rng.choice(4, p=(0.4, 0.3, 0.2, 0.1)))] * rng.uniform(0.9, 1.5)
    pale = np.array([0.78, 0.82, 0.86]) * rng.uniform(0.8, 1.2)
    t = np.clip(rows * rng.uniform(0.4, 1.2), 0, 1)[..., None]
    clouds = np.clip(0.7 * cloudy(rng, WORK_SIZE, 3) + rng.normal(-0.3, 0.6), 0, 1)[..., None]
    canvas = top * (1 - t) + pale * t
    canvas = (canvas + clouds * (pale * 1.1 - canvas)).astype(np.float32)
    for _ in range(int(rng.integers(0, 4))):  # hills, roofs, trees
        left, foot = rng.uniform(-0.3, 0.9), rng.uniform(0.45, 0.95)
        box = (left, foot, left + rng.uniform(0.3, 1.2), 1.2)
        lay_box(canvas, box, natural_color(rng, 0.3, 0.9), 0.01)
    return blur_some(canvas, 0.006, 0.025, rng)


def _street(rng: np.random.Generator) -> np.ndarray:
    rows, _ = grid(WORK_SIZE)
    horizon = rng.uniform(0.35, 0.7)
    sky = to_linear(np.array([176, 194, 212.0])) * rng.uniform(0.8, 1.8)
    ground = natural_color(rng, 0.6, 1.0)
    t = (1 / (1 + np.exp(-(rows - horizon) / 0.03)))[..., None]
    canvas = (sky * (1 + 0.25 * (rows - 0.2))[..., None] * (1 - t) + ground * t).astype(np.float32)
    for _ in range(int(rng.integers(2, 7))):  # houses with rows of windows
        left, wide = rng.uniform(-0.2, 1.0), rng.uniform(0.12, 0.5)
        top, color = (
            horizon - rng.uniform(0.05, 0.6),
            0.8 * natural_color(rng, 0.4, 1.1) + 0.1 * sky,
        )
        lay_box(canvas, (left, top, left + wide, horizon + 0.1), color, 0.006)
        step = rng.uniform(0.04, 0.09)
        for x in np.arange(left + step / 2, left + wide - step / 2, step):
            for y in np.arange(top + step / 2, horizon, 1.3 * step):
                corners = np.array([[x, y], [x + 0.5 * step, y + 0.8 * step]]) * WORK_SIZE
                first, last = (tuple(int(value) for value in corner) for corner in corners)
                cv2.rectangle(canvas, first, last, (rng.uniform(0.2, 0.9) * color).tolist(), -1)
    if happens(rng, 0.3):
        draw_person(rng, canvas, rng.uniform(0, 1), horizon, rng.uniform(0.03, 0.06))
    canvas = blur_some(canvas, 0.006, 0.03, rng)
    add_lights(rng, canvas, int(rng.integers(0, 8)), (0.9, 0.8, 0.65))
    return canvas


KINDS: Final[dict[str, Callable[[np.random.Generator], np.ndarray]]] = {
    "cutout": _cutout,
    "paper": _paper,
    "dark": _dark,
    "wall": _wall,
    "press": _press,
    "crowd": _crowd,
    "interior": _interior,
    "window": _window,
    "bokeh": _bokeh,
    "foliage": _foliage,
    "sky": _sky,
    "street": _street,
}
"""How each kind is painted."""


def paint_background(
    rng: np.random.Generator, kind: str, size: int
) -> Float[np.ndarray, "size size 3"]:
    """Paint surroundings, linear RGB.

    Args:
        rng: Stream of the image.
        kind: Of `KINDS`.
        size: Side in pixels.
    """
    canvas = KINDS[kind](rng)
    # Air and blur mute the colours of what is far away.
    grey = canvas @ np.array(LUMINANCE, np.float32)
    muted = grey[..., None] * (1 + rng.uniform(*COOLER) * np.array([-1, 0, 1], np.float32))
    share = rng.uniform(*MUTED) * (COLORFUL if kind in ("foliage", "sky") else 1.0)
    canvas = (canvas + share * (muted - canvas)).astype(np.float32)
    full = cv2.resize(canvas, (size, size), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(full, 0, BRIGHTEST), np.float32)
