"""The painted skin of a person: colour, gloss and relief in texture space."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float

from idfsr.synthref.bake import HIGH, TEXELS_PER_UNIT
from idfsr.synthref.cloth import paint_cloth
from idfsr.synthref.color import to_linear
from idfsr.synthref.facial_hair import paint_beard, paint_brows
from idfsr.synthref.hair import scalp_mask
from idfsr.synthref.identity import Identity
from idfsr.synthref.marks import paint_marks
from idfsr.synthref.mesh import HeadModel
from idfsr.synthref.texture import gradients, smooth_noise, smooth_step
from idfsr.synthref.tones import reflectance
from idfsr.synthref.wrinkles import GROUPS, draw_wrinkles


@dataclass(frozen=True)
class SkinTexture:
    """What the shading reads at each texel."""

    layers: Float[np.ndarray, "H W 4"]
    """Linear RGB, and gloss relative to bare skin."""
    slopes: Float[np.ndarray, "H W 2"]
    """Relief that is always there, as slopes per texel."""
    wrinkle_slopes: Float[np.ndarray, "G H W 2"]
    """Relief of each of `wrinkles.GROUPS` at full strength."""
    mark: Float[np.ndarray, "2"] | None
    """See `paint_marks`."""


def _blob(rest: np.ndarray, x: float, y: float, wide: float, high: float) -> np.ndarray:
    """Return a soft spot around (+-x, y) on the front of the head."""
    across = (np.abs(rest[..., 0]) - x) / wide
    up = (rest[..., 1] - y) / high
    front = rest[..., 2] > 0.3  # noqa: PLR2004 (before the ears)
    return np.asarray(np.exp(-(across**2) - up**2) * front, np.float32)


def _rows(place: tuple[float, float, float, float]) -> slice:
    """Return the rows of the texture that a spot (x, y, wide, high) reaches."""
    _, y, _, high = place
    top, bottom = (int((HIGH - y + sign * 3 * high) * TEXELS_PER_UNIT) for sign in (-1, 1))
    return slice(max(top, 0), max(bottom, 0))


def _tint(albedo: np.ndarray, mask: np.ndarray, factors: tuple[float, float, float]) -> None:
    albedo -= albedo * (mask[..., None] * (1 - np.array(factors, np.float32)))


def _blend(albedo: np.ndarray, mask: np.ndarray, color: np.ndarray) -> None:
    albedo += mask[..., None] * (np.asarray(color, np.float32) - albedo)


def _base_color(
    rng: np.random.Generator, person: Identity, rest: np.ndarray, ears: np.ndarray
) -> np.ndarray:
    """Paint bare skin: mottling, and the zones in which more or less blood shows."""
    skin = person.skin
    aged = skin.wrinkles
    fine = 0.035 * smooth_noise(rng, 1.0) + 0.03 * smooth_noise(rng, 2.2)
    broad = 0.025 * smooth_noise(rng, 14.0) + 0.02 * skin.blotch * smooth_noise(rng, 60.0)
    red = 0.02 * smooth_noise(rng, 3.0) + 0.03 * smooth_noise(rng, 9.0)
    red = (red + 0.022 * smooth_noise(rng, 24.0)) * skin.blotch * (1 + 0.8 * aged)
    brown = 0.03 * aged * np.clip(smooth_noise(rng, 7.0) - 0.4, 0, 2)
    value = (1 + fine + broad - brown)[..., None]
    value = value * (1 + red[..., None] * np.array([0.15, -1.0, -0.8]))
    albedo = (reflectance(skin.color) * value).astype(np.float32)
    # Where skin is dark, blood shows less.
    ruddy = (0.55 + 0.6 * skin.blush) * float(np.clip(0.35 + skin.color[1] / 230, 0.35, 1))
    patchy = np.clip(1 + 0.25 * smooth_noise(rng, 6.0) + 0.25 * smooth_noise(rng, 16.0), 0.2, 1.6)
    zones = (
        ((0.43, 6.98, 0.22, 0.18), 0.75 * ruddy, (0.97, 0.68, 0.66)),
        ((0.0, 6.93, 0.14, 0.09), 0.9 * ruddy, (0.95, 0.68, 0.66)),
        ((0.09, 6.9, 0.06, 0.06), 0.5 * ruddy, (0.88, 0.62, 0.6)),
        ((0.0, 6.35, 0.16, 0.1), 0.45 * ruddy, (0.97, 0.78, 0.76)),
        ((0.0, 6.63, 0.3, 0.12), 0.4 * ruddy, (0.96, 0.78, 0.76)),
        ((0.32, 7.38, 0.18, 0.06), 0.55, (0.88, 0.76, 0.75)),
        ((0.5, 7.25, 0.1, 0.1), 0.3, (0.92, 0.84, 0.86)),
        ((0.28, 7.17, 0.17, 0.06), 1.3 * skin.dark_circles, (0.68, 0.58, 0.66)),
    )
    for place, strength, factors in zones:
        rows = _rows(place)
        mask = _blob(rest[rows], *place) * patchy[rows] * strength
        _tint(albedo[rows], np.clip(mask, 0, 1), factors)
    _tint(albedo, ears * (0.75 * ruddy), (0.95, 0.66, 0.64))
    # The sides of the face and the neck are a little darker and redder than its middle.
    aside = smooth_step(0.45, 0.7, np.abs(rest[..., 0])) + smooth_step(6.35, 6.15, rest[..., 1])
    _tint(albedo, np.clip(aside, 0, 1) * (0.8 * ruddy), (0.95, 0.84, 0.82))
    if skin.eye_shadow > 0:
        shadow = _blob(rest, 0.33, 7.37, 0.17, 0.05) * skin.eye_shadow
        tone = rng.uniform([0.3, 0.2, 0.2], [0.75, 0.6, 0.7])
        _blend(albedo, shadow, tone * reflectance(skin.color))
    return np.asarray(albedo)


def _paint_lips(
    rng: np.random.Generator, person: Identity, albedo: np.ndarray, lips: np.ndarray
) -> np.ndarray:
    """Paint lips whose border is blurred and uneven; returns the relief of their folds."""
    soft = cv2.GaussianBlur(lips, (0, 0), 2.6)
    uneven = smooth_step(0.12, 0.8, soft + 0.06 * smooth_noise(rng, 3.0))
    folds = cv2.GaussianBlur(smooth_noise(rng, 1.0), (0, 0), sigmaX=0.8, sigmaY=4.0)
    tone = 1 + 0.25 * folds + 0.1 * smooth_noise(rng, 5.0)
    color = reflectance(person.skin.lips) * tone[..., None]
    # Paler towards the rim, where skin and lip mix.
    albedo += ((0.6 + 0.3 * soft) * uneven)[..., None] * (color.astype(np.float32) - albedo)
    return np.asarray(folds * soft)


def _fine_relief(
    rng: np.random.Generator, rest: np.ndarray, aged: float
) -> Float[np.ndarray, "H W"]:
    """Return the height of pores, which are coarse on nose and cheeks, and of slack skin."""
    coarse = _blob(rest, 0.0, 6.98, 0.16, 0.25) + _blob(rest, 0.3, 7.0, 0.2, 0.2)
    pores = 0.3 * smooth_noise(rng, 1.0) + 0.55 * smooth_noise(rng, 1.8)
    pores = pores * (0.9 + 0.7 * coarse) + 0.5 * smooth_noise(rng, 3.2)
    # Old skin creases across the pull of its muscles, mostly up and down on the cheeks.
    creased = cv2.GaussianBlur(smooth_noise(rng, 1.0), (0, 0), sigmaX=0.9, sigmaY=3.0)
    creased += cv2.GaussianBlur(smooth_noise(rng, 1.0), (0, 0), sigmaX=3.0, sigmaY=0.9)
    slack = 1.2 * creased + 0.5 * smooth_noise(rng, 4.0) + 0.7 * smooth_noise(rng, 9.0)
    return np.asarray(0.15 * pores + 0.18 * aged * slack, np.float32)


def paint_skin(head: HeadModel, person: Identity) -> SkinTexture:
    """Paint the skin of a person."""
    rng = np.random.default_rng([person.seed, 1])
    rest = head.texture_rest
    lips, _, ears = (
        np.ascontiguousarray(head.texture_masks[..., k]).astype(np.float32) / 255 for k in range(3)
    )
    lips *= (rest[..., 2] > 1.2) & (np.abs(rest[..., 0]) < 0.45)  # noqa: PLR2004 (the mouth)
    albedo = _base_color(rng, person, rest, ears)
    wrinkles = draw_wrinkles(rng, head.front_angle)
    aged = person.skin.wrinkles
    standing = aged * (wrinkles * np.array([0.8, 0.7, 1.0, 1.1], np.float32)[:, None, None]).sum(0)
    _tint(albedo, np.clip(0.3 * standing, 0, 0.5), (0.8, 0.69, 0.66))
    mark = paint_marks(rng, person, albedo, head)
    folds = _paint_lips(rng, person, albedo, lips)
    scalp = scalp_mask(rest, person.hair, rng) * (1 - ears)
    hair_color = to_linear(person.hair.color * (1 - person.hair.grey) + 150 * person.hair.grey)
    density = 0.25 if person.hair.style == "bald" else 0.97
    grain = np.clip(0.85 + 0.3 * smooth_noise(rng, 1.0) + 0.2 * smooth_noise(rng, 2.0), 0, 1)
    # The painted scalp ends further in than the strands, which thin out before it.
    _blend(albedo, density * smooth_step(0.35, 1.0, scalp) * grain, 0.7 * hair_color)
    brows = paint_brows(rng, person, albedo, head.front_angle)
    paint_beard(rng, person, albedo, rest, lips)
    cloth, woven = paint_cloth(rng, person, albedo, rest)
    bare = (1 - cloth) * (1 - 0.7 * scalp) * (1 - brows)
    shine = _blob(rest, 0.0, 7.72, 0.4, 0.2) + _blob(rest, 0.0, 6.98, 0.1, 0.3)
    shine += 0.5 * _blob(rest, 0.34, 7.05, 0.14, 0.08) + 0.5 * _blob(rest, 0.0, 6.36, 0.12, 0.1)
    # The same highlight stands out more, the darker the skin: less of it keeps the look the same.
    dark = min(1.0, 0.16 + float(person.skin.color[1]) / 240)
    relief = (
        (0.4 + 0.6 * dark) * _fine_relief(rng, rest, aged) * bare
        - 2.6 * standing * (1 - cloth)
        + 0.5 * folds
        + woven
    )
    broken = smooth_noise(rng, 1.0) + smooth_noise(rng, 2.0) + 0.7 * smooth_noise(rng, 5.0)
    gloss = (
        person.skin.gloss
        * dark
        * (0.65 + 0.75 * shine)
        * bare
        * np.clip(1 + 0.2 * dark * broken, 0.2, 2.0)
    )
    gloss += 0.6 * dark * cv2.GaussianBlur(lips, (0, 0), 2.0) * np.clip(1 + 0.5 * folds, 0.2, 2)
    layers = np.concatenate([np.clip(albedo, 0.003, 0.98), gloss[..., None]], axis=-1)
    deep = np.stack([gradients(-3.2 * layer) for layer in wrinkles])
    assert len(deep) == len(GROUPS)
    return SkinTexture(
        np.ascontiguousarray(layers, np.float32), gradients(relief.astype(np.float32)), deep, mark
    )
