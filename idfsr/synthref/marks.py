"""Moles, freckles, scars, birthmarks: the small things by which people are told apart."""

import cv2
import numpy as np
from jaxtyping import Float

from idfsr.synthref.chance import happens
from idfsr.synthref.color import to_linear
from idfsr.synthref.identity import Identity
from idfsr.synthref.mesh import HeadModel
from idfsr.synthref.texture import (
    draw_metric_plots,
    draw_strokes,
    front_texels,
    smooth_noise,
    smooth_step,
)
from idfsr.synthref.tones import reflectance

MOLE_COLOR = (58, 36, 28)
AGE_SPOT_YEARS = 50
PORT_WINE, BROWN = (0.85, 0.5, 0.54), (0.6, 0.5, 0.44)
"""Linear RGB of the two kinds of birthmarks, over that of the skin."""
SCAR = (1.6, 1.45, 1.45)
"""Linear RGB over that of the skin."""
MARK_PLACES = ((0.42, 7.02), (0.5, 6.75), (0.55, 7.5), (0.25, 7.78), (0.0, 7.8))
"""(x, y) in rest coordinates: cheek, jaw, temple, forehead beside the middle and in it."""
MOLE_PLACES = ((0.4, 6.95), (0.3, 6.78), (0.2, 6.4), (0.52, 7.05), (0.25, 7.7))
"""Likewise, of a large mole."""


def _cover(albedo: np.ndarray, mask: np.ndarray, color: np.ndarray) -> None:
    albedo += np.clip(mask, 0, 1)[..., None] * (np.asarray(color, np.float32) - albedo)


def _spots(
    rng: np.random.Generator, head: HeadModel, count: int, spread: tuple[float, float]
) -> Float[np.ndarray, "N 2"]:
    """Scatter texels over cheeks and nose."""
    x = rng.normal(0, spread[0], count)
    y = rng.normal(7.03, spread[1], count)
    return front_texels(np.column_stack([x, y]), head.front_angle)


def _paint_freckles(
    rng: np.random.Generator, person: Identity, albedo: np.ndarray, head: HeadModel
) -> None:
    canvas = np.zeros(albedo.shape[:2], np.float32)
    count = int(900 * person.skin.freckles)
    radii, values = rng.uniform(0.6, 1.7, count), rng.uniform(0.12, 0.45, count)
    draw_metric_plots(canvas, _spots(rng, head, count, (0.34, 0.17)), radii, values)
    if person.age_years > AGE_SPOT_YEARS:
        count = int((person.age_years - AGE_SPOT_YEARS) * 0.7)
        radii, values = rng.uniform(1.5, 5.0, count), rng.uniform(0.08, 0.25, count)
        draw_metric_plots(canvas, _spots(rng, head, count, (0.5, 0.45)), radii, values)
    color = reflectance(person.skin.color) * np.array([0.5, 0.3, 0.2])
    _cover(albedo, cv2.GaussianBlur(canvas, (0, 0), 0.8), color)


def _paint_scar(
    rng: np.random.Generator, person: Identity, albedo: np.ndarray, head: HeadModel
) -> Float[np.ndarray, "2"]:
    """Paint a healed scar: a thin line, paler and a little redder than the skin."""
    canvas = np.zeros(albedo.shape[:2], np.float32)
    x, y = MARK_PLACES[int(rng.integers(len(MARK_PLACES)))]
    start = np.array([float(rng.choice([-1, 1])) * x, y]) + rng.normal(0, 0.03, 2)
    angle = rng.uniform(0, 2 * np.pi)
    t = np.linspace(-0.5, 0.5, 12)[:, None] * rng.uniform(0.12, 0.26)
    across = np.array([-np.sin(angle), np.cos(angle)])
    line = start + t * np.array([np.cos(angle), np.sin(angle)]) + rng.uniform(0, 2) * t**2 * across
    draw_strokes(canvas, front_texels(line, head.front_angle)[None], 0.75, thickness=2)
    color = np.minimum(reflectance(person.skin.color) * SCAR, 0.95)
    _cover(albedo, cv2.GaussianBlur(canvas, (0, 0), 0.8), color)
    return np.asarray(line.mean(axis=0))


def _paint_mole(
    rng: np.random.Generator, person: Identity, albedo: np.ndarray, head: HeadModel
) -> Float[np.ndarray, "2"]:
    """Paint one large mole, 3 to 5 millimetres wide."""
    canvas = np.zeros(albedo.shape[:2], np.float32)
    x, y = MOLE_PLACES[int(rng.integers(len(MOLE_PLACES)))]
    place = np.array([[float(rng.choice([-1, 1])) * x, y]]) + rng.normal(0, 0.025, (1, 2))
    radius = np.array([rng.uniform(2.6, 4.2)])
    draw_metric_plots(canvas, front_texels(place, head.front_angle), radius, np.array([0.92]))
    _cover(albedo, cv2.GaussianBlur(canvas, (0, 0), 0.7), 0.28 * reflectance(person.skin.color))
    return np.asarray(place[0])


def _paint_birthmark(
    rng: np.random.Generator, person: Identity, albedo: np.ndarray, head: HeadModel
) -> Float[np.ndarray, "2"]:
    """Paint a patch with a ragged edge, red or brown."""
    rest = head.texture_rest
    side = float(rng.choice([-1, 1]))
    x, y = MARK_PLACES[int(rng.integers(5))]
    radius = rng.uniform(0.09, 0.2)
    away = np.hypot(rest[..., 0] - side * x, (rest[..., 1] - y) / rng.uniform(0.8, 1.4)) / radius
    ragged = 1 - away + 0.3 * smooth_noise(rng, 9.0) + 0.12 * smooth_noise(rng, 3.0)
    front = rest[..., 2] > 0.3  # noqa: PLR2004 (before the ears)
    patch = smooth_step(0.0, 0.2, ragged) * front
    color = reflectance(person.skin.color) * np.array(PORT_WINE if happens(rng, 0.5) else BROWN)
    _cover(albedo, rng.uniform(0.55, 0.85) * patch, color)
    return np.array([side * x, y])


def paint_marks(
    rng: np.random.Generator,
    person: Identity,
    albedo: Float[np.ndarray, "H W 3"],
    head: HeadModel,
) -> Float[np.ndarray, "2"] | None:
    """Paint what the person has into the colour of the skin.

    Returns:
        (x, y) of the middle of their one large mark, in rest coordinates; None if they have none.
    """
    _paint_freckles(rng, person, albedo, head)
    canvas = np.zeros(albedo.shape[:2], np.float32)
    count = person.skin.num_moles
    places = np.column_stack([rng.uniform(-0.6, 0.6, count), rng.uniform(6.25, 7.95, count)])
    radii, values = rng.uniform(0.7, 1.6, count), rng.uniform(0.4, 0.85, count)
    draw_metric_plots(canvas, front_texels(places, head.front_angle), radii, values)
    color = np.minimum(to_linear(np.array(MOLE_COLOR, np.float64)), reflectance(person.skin.color))
    _cover(albedo, cv2.GaussianBlur(canvas, (0, 0), 0.7), color * 0.8)
    paint = {"birthmark": _paint_birthmark, "mole": _paint_mole, "scar": _paint_scar}
    if person.skin.mark == "none":
        return None
    return paint[person.skin.mark](rng, person, albedo, head)
