"""Clothes, painted onto neck and shoulders: a collar with a seam, folds and a weave."""

from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float

from idfsr.synthref.color import to_linear
from idfsr.synthref.development import s_curve
from idfsr.synthref.identity import Identity
from idfsr.synthref.texture import smooth_noise, smooth_step

LOWEST_COLLAR = 5.86
RIM = 0.012
"""Half of the width over which the edge of the cloth is softened."""
MUTED = 0.45
"""Share of grey that is mixed into the colour of cloth."""
DARK_OR_WHITE, DARK_UP_TO = 6.0, 0.55
"""Strength and middle of the S-curve that makes cloth of middle grey rarer than dark or white."""
SHADOW_HEIGHT = 0.05
"""How far above the collar the skin is dimmed by it."""


class Cloth(NamedTuple):
    """What cloth adds to the skin's texture."""

    cover: Float[np.ndarray, "H W"]
    """1 where cloth lies."""
    relief: Float[np.ndarray, "H W"]
    """Height, as the skin's."""


def paint_cloth(
    rng: np.random.Generator,
    person: Identity,
    albedo: Float[np.ndarray, "H W 3"],
    rest: Float[np.ndarray, "H W 3"],
) -> Cloth:
    """Paint the clothes of a person into the colour of the skin."""
    x, y = np.abs(rest[..., 0]), rest[..., 1]
    dip = rng.uniform(0.0, 0.1) * smooth_step(0.35, 0.0, x) * (rest[..., 2] > 0)
    collar = person.collar + LOWEST_COLLAR + 0.25 * smooth_step(0.1, 0.9, x) - dip
    collar = collar + 0.006 * smooth_noise(rng, 30.0)
    below = collar - y
    inside = y > 0
    cover = smooth_step(-RIM, RIM, below) * inside
    near = np.exp(-np.clip(-below, 0, None) / SHADOW_HEIGHT) * (1 - cover) * inside
    albedo *= 1 - near[..., None] * np.array([0.3, 0.38, 0.4], np.float32)

    band = rng.uniform(0.05, 0.11)
    in_band = smooth_step(band + 0.008, band - 0.008, below) * cover
    seam = np.exp(-(((below - band) / 0.008) ** 2)) * cover
    warp = cv2.GaussianBlur(smooth_noise(rng, 1.0), (0, 0), sigmaX=0.5, sigmaY=2.5)
    weft = cv2.GaussianBlur(smooth_noise(rng, 1.0), (0, 0), sigmaX=2.5, sigmaY=0.5)
    columns = np.arange(albedo.shape[1], dtype=np.float32)
    ribs = in_band * np.sin(columns * rng.uniform(1.2, 1.9))
    # Cloth hangs from the shoulders in folds that run down and to the middle.
    folds = cv2.GaussianBlur(smooth_noise(rng, 9.0), (0, 0), sigmaX=2.0, sigmaY=14.0)
    folds = (folds / (folds.std() + 1e-6)).astype(np.float32) * (1 - in_band)
    color = np.array(person.cloth, np.float64)
    color = color + MUTED * (color.mean() - color)
    grey = color.mean(keepdims=True) / 255
    color = color * s_curve(grey, DARK_OR_WHITE, DARK_UP_TO) / grey
    color = np.minimum(color, 244)
    tone = 1 + 0.16 * (warp + weft) + 0.07 * folds + 0.1 * ribs - 0.4 * seam
    tone *= 1 - 0.25 * np.exp(-np.clip(below, 0, None) / 0.02)  # the edge turns away
    albedo += cover[..., None] * (
        to_linear(color).astype(np.float32) * np.clip(tone, 0.3, 1.6)[..., None] - albedo
    )
    rim = smooth_step(0.0, 0.04, below)
    relief = 2.2 * rim + 0.5 * ribs - 1.5 * seam + 1.5 * folds + 0.5 * (warp + weft)
    return Cloth(np.asarray(cover), np.asarray(relief * cover, np.float32))
