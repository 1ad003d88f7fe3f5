"""The painted skin of a person: colour, gloss and relief in texture space."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float

from idfsr.data.synthref.color import to_linear
from idfsr.data.synthref.facial_hair import paint_beard, paint_brows
from idfsr.data.synthref.hair import scalp_mask
from idfsr.data.synthref.identity import Identity
from idfsr.data.synthref.marks import paint_marks
from idfsr.data.synthref.mesh import HeadModel
from idfsr.data.synthref.texture import gradients, smooth_noise, smooth_step
from idfsr.data.synthref.wrinkles import GROUPS, draw_wrinkles


@dataclass(frozen=True)
class SkinTexture:
    """What the shading reads at each texel."""

    layers: Float[np.ndarray, "H W 4"]
    """Linear RGB, and gloss relative to bare skin."""
    slopes: Float[np.ndarray, "H W 2"]
    """Relief that is always there, as slopes per texel."""
    wrinkle_slopes: Float[np.ndarray, "G H W 2"]
    """Relief of each of `wrinkles.GROUPS` at full strength."""


def _blob(rest: np.ndarray, x: float, y: float, wide: float, high: float) -> np.ndarray:
    """Return a soft spot around (+-x, y) on the front of the head."""
    across = (np.abs(rest[..., 0]) - x) / wide
    up = (rest[..., 1] - y) / high
    front = rest[..., 2] > 0.3  # noqa: PLR2004 (before the ears)
    return np.asarray(np.exp(-(across**2) - up**2) * front, np.float32)


def _tint(albedo: np.ndarray, mask: np.ndarray, factors: tuple[float, float, float]) -> None:
    albedo *= 1 - mask[..., None] * (1 - np.array(factors, np.float32))


def _blend(albedo: np.ndarray, mask: np.ndarray, color: np.ndarray) -> None:
    albedo += mask[..., None] * (np.asarray(color, np.float32) - albedo)


def _base_color(rng: np.random.Generator, person: Identity, rest: np.ndarray) -> np.ndarray:
    skin = person.skin
    fine = 0.016 * smooth_noise(rng, 1.0) + 0.02 * smooth_noise(rng, 4.0)
    broad = 0.018 * smooth_noise(rng, 14.0) + 0.02 * skin.blotch * smooth_noise(rng, 60.0)
    red = 0.022 * skin.blotch * smooth_noise(rng, 24.0)
    value = (1 + fine + broad)[..., None] * (1 + red[..., None] * np.array([0.0, -1.0, -0.8]))
    albedo = (to_linear(skin.color) * value).astype(np.float32)
    ruddy = 0.35 + 0.65 * skin.blush
    cheeks = _blob(rest, 0.42, 6.98, 0.2, 0.17) * skin.blush
    nose = _blob(rest, 0.0, 6.93, 0.13, 0.1) * 0.5 * ruddy
    _tint(albedo, cheeks, (0.98, 0.66, 0.66))
    _tint(albedo, nose, (0.97, 0.74, 0.74))
    _tint(albedo, _blob(rest, 0.0, 6.35, 0.16, 0.1) * 0.3 * ruddy, (0.98, 0.8, 0.8))
    _tint(albedo, _blob(rest, 0.28, 7.17, 0.17, 0.06) * skin.dark_circles, (0.68, 0.58, 0.66))
    _tint(albedo, _blob(rest, 0.32, 7.38, 0.18, 0.06) * 0.35, (0.9, 0.8, 0.8))
    if skin.eye_shadow > 0:
        shadow = _blob(rest, 0.33, 7.37, 0.17, 0.05) * skin.eye_shadow
        _blend(albedo, shadow, to_linear(rng.uniform(40, 150, 3)))
    return np.asarray(albedo)


def _paint_lips(
    rng: np.random.Generator, person: Identity, albedo: np.ndarray, lips: np.ndarray
) -> None:
    soft = cv2.GaussianBlur(lips, (0, 0), 1.5)
    folds = cv2.GaussianBlur(smooth_noise(rng, 1.0), (0, 0), sigmaX=0.8, sigmaY=4.0)
    color = to_linear(person.skin.lips) * (1 + 0.35 * folds[..., None])
    albedo += (0.92 * soft)[..., None] * (color.astype(np.float32) - albedo)


def paint_skin(head: HeadModel, person: Identity) -> SkinTexture:
    """Paint the skin of a person."""
    rng = np.random.default_rng([person.seed, 1])
    rest = head.texture_rest
    lips, _, ears = (
        np.ascontiguousarray(head.texture_masks[..., k]).astype(np.float32) / 255 for k in range(3)
    )
    lips *= (rest[..., 2] > 1.2) & (np.abs(rest[..., 0]) < 0.45)  # noqa: PLR2004 (the mouth)
    albedo = _base_color(rng, person, rest)
    _tint(albedo, ears * 0.5, (1.0, 0.8, 0.8))
    wrinkles = draw_wrinkles(rng, head.front_angle)
    aged = person.skin.wrinkles
    standing = aged * (wrinkles * np.array([0.9, 0.6, 1.0, 0.9], np.float32)[:, None, None]).sum(0)
    _tint(albedo, np.clip(0.2 * standing, 0, 0.5), (0.72, 0.55, 0.5))
    paint_marks(rng, person, albedo, head)
    _paint_lips(rng, person, albedo, lips)
    scalp = scalp_mask(rest, person.hair, rng) * (1 - ears)
    hair_color = to_linear(person.hair.color * (1 - person.hair.grey) + 150 * person.hair.grey)
    density = 0.25 if person.hair.style == "bald" else 0.97
    grain = np.clip(0.9 + 0.25 * smooth_noise(rng, 1.5), 0, 1)
    _blend(albedo, density * scalp * grain, 0.7 * hair_color)
    brows = paint_brows(rng, person, albedo, head.front_angle)
    paint_beard(rng, person, albedo, rest, lips)
    collar = person.collar + 5.86 + 0.25 * smooth_step(0.1, 0.9, np.abs(rest[..., 0]))
    cloth = smooth_step(0.012, -0.012, rest[..., 1] - collar) * (rest[..., 1] > 0)
    weave = 1 + 0.08 * smooth_noise(rng, 2.0)
    albedo += cloth[..., None] * (to_linear(person.cloth) * weave[..., None] - albedo)
    pores = 0.35 * smooth_noise(rng, 1.0) + 0.5 * smooth_noise(rng, 2.5)
    slack = aged * (0.5 * smooth_noise(rng, 4.0) + 0.6 * smooth_noise(rng, 8.0))
    bare = (1 - cloth) * (1 - 0.7 * scalp) * (1 - brows)
    relief = (0.22 * pores + 0.3 * slack) * bare - 1.2 * standing
    shine = _blob(rest, 0.0, 7.75, 0.4, 0.2) + _blob(rest, 0.0, 6.95, 0.09, 0.25)
    gloss = person.skin.gloss * (0.75 + 0.6 * shine) * bare * (1 + 0.15 * smooth_noise(rng, 3.0))
    gloss += 1.3 * lips
    layers = np.concatenate([np.clip(albedo, 0.003, 0.98), gloss[..., None]], axis=-1)
    deep = np.stack([gradients(-3.2 * layer) for layer in wrinkles])
    assert len(deep) == len(GROUPS)
    return SkinTexture(
        np.ascontiguousarray(layers, np.float32), gradients(relief.astype(np.float32)), deep
    )
