"""Furrows of the skin: those that stay with age, and those that an expression makes."""

from typing import Final

import cv2
import numpy as np
from jaxtyping import Float

from idfsr.synthref.bake import TEXTURE_HEIGHT, TEXTURE_WIDTH
from idfsr.synthref.texture import draw_strokes, front_texels

GROUPS: Final = ("forehead", "frown", "smile", "sag")
"""Furrows that come together; the first three follow the expression."""

NUM_POINTS = 12
WOBBLE = 0.0025
"""How far a furrow strays from its curve from point to point."""


def _curve(points: list[tuple[float, float]]) -> Float[np.ndarray, "K 2"]:
    """Draw a smooth line through three points (x, y): a parabola."""
    t = np.linspace(0, 1, NUM_POINTS)[:, None]
    start, middle, end = (np.array(point) for point in points)
    bend = 2 * middle - 0.5 * (start + end)
    return np.asarray((1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end)


def _both_sides(curve: Float[np.ndarray, "K 2"]) -> list[np.ndarray]:
    return [curve, curve * np.array([-1, 1])]


def _furrows(rng: np.random.Generator) -> dict[str, list[tuple[np.ndarray, float]]]:
    """Place the furrows; each is a curve with its depth."""

    def around(x: float, y: float, spread: float = 0.012) -> tuple[float, float]:
        return x + rng.normal(0, spread), y + rng.normal(0, spread)

    forehead: list[tuple[np.ndarray, float]] = []
    for level in np.linspace(7.63, 7.9, int(rng.integers(4, 7))) + rng.normal(0, 0.012):
        reach, dip = rng.uniform(0.22, 0.46), rng.normal(0.02, 0.02)
        shift = rng.normal(0, 0.06)
        line = _curve(
            [around(shift - reach, level), (shift, level + dip), around(shift + reach, level)]
        )
        forehead.append((line, rng.uniform(0.3, 1.0)))
        if rng.random() < 0.6:  # noqa: PLR2004 (a short line beside a long one)
            side = float(rng.choice([-1, 1]))
            near, far = side * rng.uniform(0.05, 0.3), side * rng.uniform(0.06, 0.16)
            short = [(near, level + 0.035), (near + far / 2, level + 0.025), (near + far, level)]
            forehead.append((_curve(short), rng.uniform(0.2, 0.5)))
    lean = rng.uniform(0.0, 0.02)
    frown = [
        (line, rng.uniform(0.6, 1.0))
        for line in _both_sides(_curve([(0.05, 7.38), (0.06, 7.46), (0.055 + lean, 7.56)]))
    ]
    frown += [(_curve([(-0.07, 7.3), (0.0, 7.29), (0.07, 7.3)]), rng.uniform(0.2, 0.7))]
    smile: list[tuple[np.ndarray, float]] = []
    fold = _curve([around(0.17, 6.93), around(0.27, 6.83), around(0.35, 6.64)])
    smile += [(line, 1.3) for line in _both_sides(fold)]
    for angle in rng.uniform(-0.9, 0.9, int(rng.integers(5, 8))):
        start = np.array(around(0.53, 7.28 + 0.08 * angle, 0.008))
        end = start + rng.uniform(0.06, 0.17) * np.array([np.cos(angle), np.sin(angle)])
        crow = _curve([tuple(start), tuple((start + end) / 2 + [0, 0.008]), tuple(end)])
        smile += [(line, rng.uniform(0.25, 0.8)) for line in _both_sides(crow)]
    sag: list[tuple[np.ndarray, float]] = []
    for low, high, depth in ((7.13, 7.17, 0.9), (7.1, 7.145, 0.35), (7.06, 7.12, 0.6)):
        bag = _curve([around(0.17, high), around(0.3, low), around(0.46, high)])
        sag += [(line, depth) for line in _both_sides(bag)]
    marionette = _curve([around(0.29, 6.56), around(0.32, 6.47), around(0.31, 6.36)])
    sag += [(line, 1.0) for line in _both_sides(marionette)]
    for x in np.linspace(0.03, 0.2, 4):  # above the upper lip
        lip = _curve([around(x, 6.85, 0.008), (1.05 * x, 6.81), around(1.1 * x, 6.77, 0.008)])
        sag += [(line, rng.uniform(0.2, 0.5)) for line in _both_sides(lip)]
    for x in rng.uniform(0.42, 0.62, 3):  # down the cheeks
        top = rng.uniform(6.75, 6.95)
        cheek = _curve(
            [around(x, top), (x + 0.02, top - 0.12), around(x - 0.02, top - rng.uniform(0.2, 0.35))]
        )
        sag += [(line, rng.uniform(0.15, 0.45)) for line in _both_sides(cheek)]
    for level in (6.08, 5.95, 5.84):
        sag.append((_curve([(-0.4, level + 0.05), (0.0, level), (0.4, level + 0.05)]), 0.7))
    return {"forehead": forehead, "frown": frown, "smile": smile, "sag": sag}


def draw_wrinkles(
    rng: np.random.Generator, front_angle: Float[np.ndarray, "h w"]
) -> Float[np.ndarray, "4 H W"]:
    """Draw the depth of each group of furrows in texture space, about 1 where deepest."""
    layers = np.zeros((len(GROUPS), TEXTURE_HEIGHT, TEXTURE_WIDTH), np.float32)
    for layer, furrows in zip(layers, _furrows(rng).values(), strict=True):
        for curve, depth in furrows:
            wobble = np.cumsum(rng.normal(0, WOBBLE, curve.shape), axis=0)
            texels = front_texels(curve + wobble, front_angle)
            # Furrows are deepest in the middle, and break off here and there.
            deep = np.sin(np.linspace(0.25, np.pi - 0.25, NUM_POINTS)) * rng.uniform(
                0.55, 1.1, NUM_POINTS
            )
            for k in range(NUM_POINTS - 1):
                value = min(depth * float(deep[k]) / 1.5, 1.0)
                draw_strokes(layer, texels[None, k : k + 2], value, thickness=1 + (depth > 1))
        narrow, wide = (cv2.GaussianBlur(layer, (0, 0), sigma) for sigma in (1.3, 4.0))
        hollow = cv2.GaussianBlur(layer, (0, 0), 9.0)
        layer[:] = 4.6 * narrow + 8.0 * wide + 8.0 * hollow
    return layers
