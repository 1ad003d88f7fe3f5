"""Brows and stubble, drawn hair by hair into texture space."""

import cv2
import numpy as np
from jaxtyping import Float

from idfsr.synthref.color import to_linear
from idfsr.synthref.identity import Brow, Identity
from idfsr.synthref.texture import draw_strokes, front_texels, smooth_noise, smooth_step

BROW_HEIGHT = 7.475
NUM_BROW_HAIRS = 520
PEAK = 0.62
"""Where a brow is highest, as a share of its length."""
BROW_BROWN = (92.0, 68.0, 50.0)
"""Brows are browner than hair, those of blond people most of all."""
BROW_DARKEST = (36.0, 28.0, 25.0)
BROW_DETAIL = 3
"""Brows are drawn so many times finer than the texture, for hairs thinner than a texel."""


def brow_middle(brow: Brow, u: Float[np.ndarray, " N"]) -> Float[np.ndarray, "N 2"]:
    """Return the middle line of a brow on the side of positive x, (x, y) in rest coordinates.

    Args:
        brow: Of the person.
        u: From 0 at the inner end to 1 at the outer one.
    """
    # Both ends lie low, the outer one lower, lest the brow look angry.
    rise = 1 - np.where(u < PEAK, 0.7 * ((u - PEAK) / PEAK) ** 2, 1.3 * ((u - PEAK) / 0.38) ** 2)
    middle = brow.height + BROW_HEIGHT + (brow.arch + 0.012) * rise
    return np.stack(
        [brow.inner + u * (brow.outer - brow.inner), middle + brow.tilt * (u - 0.5)], axis=-1
    )


def brow_hairs(rng: np.random.Generator, brow: Brow, side: int) -> Float[np.ndarray, "N 4 2"]:
    """Place the hairs of one brow as lines (x, y) in rest coordinates.

    At the inner end they stand up, further out they lie along the brow.
    """
    u = rng.beta(1.35, 1.35, NUM_BROW_HAIRS)
    profile = (0.4 + 0.6 * np.sqrt(np.clip(u * 4, 0, 1))) * (1 - 0.72 * u**1.8)
    across = rng.normal(0, 0.42, NUM_BROW_HAIRS) * brow.thickness * profile
    x, middle = brow_middle(brow, u).T
    y = middle + across
    lean = 1.1 * np.exp(-u * 5) + 0.15 - 0.6 * u - 7 * across
    angle = lean + rng.normal(0, 0.2, NUM_BROW_HAIRS)
    length = rng.uniform(0.03, 0.065, NUM_BROW_HAIRS) * (1 - 0.35 * u)
    steps = np.linspace(0, 1, 4)[None]
    bend = angle[:, None] - 0.35 * steps
    line_x = x[:, None] + length[:, None] * steps * np.cos(bend)
    line_y = y[:, None] + length[:, None] * steps * np.sin(bend)
    return np.stack([side * line_x, line_y], axis=-1)


def paint_brows(
    rng: np.random.Generator,
    person: Identity,
    albedo: Float[np.ndarray, "H W 3"],
    front_angle: Float[np.ndarray, "h w"],
) -> Float[np.ndarray, "H W"]:
    """Paint both brows into the colour of the skin; returns how much of it they cover."""
    height, width = albedo.shape[:2]
    canvas = np.zeros((height * BROW_DETAIL, width * BROW_DETAIL), np.float32)
    for side in (-1, 1):
        lines = brow_hairs(rng, person.brow, side)
        count = int(NUM_BROW_HAIRS * (0.3 + 0.7 * person.brow.density))
        draw_strokes(canvas, BROW_DETAIL * front_texels(lines[:count], front_angle), 1.0)
    hairs = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
    under = cv2.GaussianBlur(hairs, (0, 0), 2.5)
    cover = np.clip(0.85 * hairs + 0.35 * under, 0, 0.85)[..., None]
    grey = 0.7 * person.hair.grey
    natural = person.hair.natural
    brown = 0.08 + 0.4 * float(natural.mean()) / 150
    color = ((0.95 - brown) * natural + brown * np.array(BROW_BROWN)) * (1 - grey) + 160 * grey
    # Single hairs let light through: a brow is lighter than hair, never black.
    color = np.maximum(np.clip(color, 0, 170), BROW_DARKEST)
    color = np.minimum(color, 0.85 * person.skin.color + 90 * grey)
    albedo += cover * (to_linear(color).astype(np.float32) - albedo)
    return np.asarray(cover[..., 0])


def beard_mask(
    rest: Float[np.ndarray, "*N 3"], shape: str, lips: Float[np.ndarray, "*N"] | float
) -> Float[np.ndarray, "*N"]:
    """Return where a beard grows, in [0, 1].

    Args:
        rest: Rest positions.
        shape: `full`, `goatee` or `moustache`.
        lips: 1 on the lips.
    """
    x, y, z = np.abs(rest[..., 0]), rest[..., 1], rest[..., 2]
    top = np.interp(x, [0.0, 0.25, 0.38, 0.6, 0.75, 0.9], [6.52, 6.58, 6.68, 6.85, 7.1, 7.3])
    chin = smooth_step(0.04, -0.05, y - top) * smooth_step(6.05, 6.25, y)
    neck = smooth_step(6.42, 6.22, y) * smooth_step(1.2, 0.95, z)
    ear = smooth_step(6.78, 6.92, y) * smooth_step(0.78, 0.62, z)
    jaw = chin * smooth_step(0.15, 0.4, z) * (1 - neck) * (1 - ear)
    lip_top = np.interp(x, [0.0, 0.1, 0.3, 0.36], [6.83, 6.83, 6.7, 6.55])
    above = y > 6.5  # noqa: PLR2004 (the lower lip)
    moustache = smooth_step(0.02, -0.02, y - lip_top) * above * smooth_step(0.36, 0.3, x)
    moustache = moustache * (z > 1.2)  # noqa: PLR2004 (the front)
    soul = smooth_step(0.34, 0.22, x) * chin * (z > 1.0)
    area = {"full": np.maximum(jaw, moustache), "goatee": np.maximum(soul, moustache)}
    return np.asarray(area.get(shape, moustache) * (1 - lips), np.float32)


def paint_beard(
    rng: np.random.Generator,
    person: Identity,
    albedo: Float[np.ndarray, "H W 3"],
    rest: Float[np.ndarray, "H W 3"],
    lips: Float[np.ndarray, "H W"],
) -> None:
    """Darken the skin under a beard, or where a shaven one would grow."""
    color = to_linear(person.hair.natural * (1 - person.hair.grey) + 140 * person.hair.grey)
    soft_lips = cv2.GaussianBlur(lips, (0, 0), 2.0)
    if person.beard > 0:
        mask = beard_mask(rest, person.beard_shape, soft_lips)
        grain = np.clip(0.7 + 0.3 * smooth_noise(rng, 1.3) + 0.15 * smooth_noise(rng, 8.0), 0, 1)
        cover = mask * grain * min(0.4 + 7 * person.beard, 0.85)
    elif person.gender == "male":
        mask = beard_mask(rest, "full", soft_lips)
        cover = mask * (0.1 + 0.1 * person.brow.density) * (0.9 + 0.2 * smooth_noise(rng, 1.0))
    else:
        return
    albedo += np.clip(cover, 0, 1)[..., None] * (0.8 * color.astype(np.float32) - albedo)
