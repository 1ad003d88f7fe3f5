"""Strokes and noise in texture space."""

import cv2
import numpy as np
from jaxtyping import Float

from idfsr.synthref.bake import (
    FRONT_SCALE,
    HIGH,
    LOW,
    MAX_ANGLE,
    TEXELS_PER_UNIT,
    TEXTURE_HEIGHT,
    TEXTURE_WIDTH,
)

FRACTION_BITS = 4
"""cv2 draws at sixteenths of a texel."""


def smooth_step(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """Rise from 0 at `low` to 1 at `high` without a kink; falls if `low` is the larger."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def front_texels(
    points: Float[np.ndarray, "*N 2"], front_angle: Float[np.ndarray, "h w"]
) -> Float[np.ndarray, "*N 2"]:
    """Return texels (x, y) of points (x, y) on the front of the head at rest."""
    height, width = front_angle.shape
    column = np.clip(((points[..., 0] + 1) * FRONT_SCALE).astype(int), 0, width - 1)
    row = np.clip(((HIGH - points[..., 1]) * FRONT_SCALE).astype(int), 0, height - 1)
    u = (front_angle[row, column] + MAX_ANGLE) * TEXELS_PER_UNIT
    v = (HIGH - np.clip(points[..., 1], LOW, HIGH)) * TEXELS_PER_UNIT
    return np.stack([u, v], axis=-1).astype(np.float32)


def draw_strokes(
    canvas: Float[np.ndarray, "H W"],
    strokes: Float[np.ndarray, "N K 2"],
    value: float,
    thickness: int = 1,
) -> None:
    """Draw lines through points in texels, with soft edges."""
    # Only the box around the strokes is touched.
    pad = thickness + 2
    flat = strokes.reshape(-1, 2)
    first = np.maximum(np.floor(flat.min(axis=0)).astype(int) - pad, 0)
    last = np.maximum(np.ceil(flat.max(axis=0)).astype(int) + pad, first + 1)
    box = canvas[first[1] : last[1], first[0] : last[0]]
    if box.size == 0:
        return
    points = np.round((strokes - first) * 2**FRACTION_BITS).astype(np.int32)
    layer = np.zeros(box.shape, np.uint8)
    cv2.polylines(
        layer, list(points), isClosed=False, color=255, thickness=thickness,
        lineType=cv2.LINE_AA, shift=FRACTION_BITS,
    )  # fmt: skip
    np.maximum(box, layer.astype(np.float32) * (value / 255), out=box)


def draw_metric_plots(
    canvas: Float[np.ndarray, "H W"],
    centres: Float[np.ndarray, "N 2"],
    radii: Float[np.ndarray, " N"],
    values: Float[np.ndarray, " N"],
) -> None:
    """Draw discs at texels with soft edges; each has its own radius and value."""
    layer = np.zeros(canvas.shape, np.uint8)
    scale = 2**FRACTION_BITS
    for (x, y), radius, value in zip(centres, radii, values, strict=True):
        centre = (round(float(x) * scale), round(float(y) * scale))
        cv2.circle(
            layer, centre, round(float(radius) * scale), round(float(value) * 255), -1,
            cv2.LINE_AA, FRACTION_BITS,
        )  # fmt: skip
    np.maximum(canvas, layer.astype(np.float32) / 255, out=canvas)


def smooth_noise(rng: np.random.Generator, cell: float) -> Float[np.ndarray, "H W"]:
    """Draw noise of unit deviation whose blobs are about `cell` texels wide."""
    rows, columns = int(TEXTURE_HEIGHT / cell) + 4, int(TEXTURE_WIDTH / cell) + 4
    grid = rng.standard_normal((rows, columns), np.float32)
    if cell <= 1:
        return grid[:TEXTURE_HEIGHT, :TEXTURE_WIDTH]
    size = (round(columns * cell), round(rows * cell))
    noise = cv2.resize(grid, size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(noise[:TEXTURE_HEIGHT, :TEXTURE_WIDTH], np.float32)


def gradients(height: Float[np.ndarray, "H W"]) -> Float[np.ndarray, "H W 2"]:
    """Return slopes along x and y (down) per texel."""
    slope_x = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    slope_y = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    return np.stack([slope_x, slope_y], axis=-1)
