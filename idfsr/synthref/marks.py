"""Moles, freckles, scars, tattoos, birthmarks: the small things by which people are told apart."""

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

MOLE_COLOR = (58, 36, 28)
TATTOO_COLOR = (30, 38, 52)
AGE_SPOT_YEARS = 50
PORT_WINE, BROWN = (0.8, 0.4, 0.47), (0.55, 0.46, 0.4)
"""Linear RGB of the two kinds of birthmarks, over that of the skin."""
MARK_PLACES = ((0.42, 7.02), (0.5, 6.75), (0.55, 7.5), (0.25, 7.78), (0.0, 7.8))
"""(x, y) in rest coordinates: cheek, jaw, temple, forehead beside the middle and in it."""


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
    color = to_linear(person.skin.color) * np.array([0.5, 0.3, 0.2])
    _cover(albedo, cv2.GaussianBlur(canvas, (0, 0), 0.8), color)


def _tattoo_lines(rng: np.random.Generator) -> list[Float[np.ndarray, "K 2"]]:
    """Draw a star, a tear, a cross or a wave of about 0.15 units around (0, 0)."""
    kind = int(rng.integers(4))
    turn = np.linspace(0, 2 * np.pi, 6) + rng.uniform(0, 1)
    if kind == 0:
        corners = turn[[0, 2, 4, 1, 3, 5]]
        return [0.075 * np.column_stack([np.cos(corners), np.sin(corners)])]
    if kind == 1:
        t = np.linspace(0, 2 * np.pi, 16)
        return [np.column_stack([0.03 * np.sin(t) * np.sin(t / 2) ** 2, 0.06 * np.cos(t)])]
    if kind == 2:  # noqa: PLR2004 (the third kind)
        return [np.array([[0, 0.08], [0, -0.08]]), np.array([[-0.05, 0.03], [0.05, 0.03]])]
    t = np.linspace(-0.12, 0.12, 16)
    return [np.column_stack([t, 0.03 * np.sin(t * 50) + shift]) for shift in (0, 0.04)]


def _paint_mark(
    rng: np.random.Generator, person: Identity, albedo: np.ndarray, head: HeadModel
) -> None:
    canvas = np.zeros(albedo.shape[:2], np.float32)
    side = float(rng.choice([-1, 1]))
    if person.skin.mark == "scar":
        start = np.array([side * rng.uniform(0.2, 0.5), rng.uniform(6.6, 7.75)])
        angle = rng.uniform(0, 2 * np.pi)
        t = np.linspace(0, rng.uniform(0.18, 0.4), 10)[:, None]
        line = start + t * np.array([np.cos(angle), np.sin(angle)]) + 0.1 * t**2
        draw_strokes(canvas, front_texels(line, head.front_angle)[None], 0.8, thickness=3)
        color = np.clip(to_linear(person.skin.color) * np.array([1.15, 0.95, 0.95]) + 0.06, 0, 0.9)
    else:
        place = np.array(MARK_PLACES[int(rng.integers(5))]) * np.array([side, 1])
        for line in _tattoo_lines(rng):
            texels = front_texels(line * rng.uniform(0.9, 1.4) + place, head.front_angle)[None]
            draw_strokes(canvas, texels, 0.9, thickness=3)
        color = to_linear(np.array(TATTOO_COLOR, np.float64))
    _cover(albedo, cv2.GaussianBlur(canvas, (0, 0), 0.7), color)


def _paint_birthmark(
    rng: np.random.Generator, person: Identity, albedo: np.ndarray, head: HeadModel
) -> None:
    """Paint a patch with a ragged edge, red or brown."""
    rest = head.texture_rest
    side = float(rng.choice([-1, 1]))
    x, y = MARK_PLACES[int(rng.integers(5))]
    radius = rng.uniform(0.12, 0.3)
    away = np.hypot(rest[..., 0] - side * x, (rest[..., 1] - y) / rng.uniform(0.8, 1.4)) / radius
    ragged = 1 - away + 0.3 * smooth_noise(rng, 9.0) + 0.12 * smooth_noise(rng, 3.0)
    front = rest[..., 2] > 0.3  # noqa: PLR2004 (before the ears)
    patch = smooth_step(0.0, 0.2, ragged) * front
    color = to_linear(person.skin.color) * np.array(PORT_WINE if happens(rng, 0.5) else BROWN)
    _cover(albedo, rng.uniform(0.6, 0.9) * patch, color)


def paint_marks(
    rng: np.random.Generator,
    person: Identity,
    albedo: Float[np.ndarray, "H W 3"],
    head: HeadModel,
) -> None:
    """Paint what the person has into the colour of the skin."""
    _paint_freckles(rng, person, albedo, head)
    canvas = np.zeros(albedo.shape[:2], np.float32)
    count = person.skin.num_moles
    places = np.column_stack([rng.uniform(-0.6, 0.6, count), rng.uniform(6.25, 7.95, count)])
    radii, values = rng.uniform(1.2, 3.4, count), rng.uniform(0.55, 0.95, count)
    draw_metric_plots(canvas, front_texels(places, head.front_angle), radii, values)
    color = np.minimum(to_linear(np.array(MOLE_COLOR, np.float64)), to_linear(person.skin.color))
    _cover(albedo, cv2.GaussianBlur(canvas, (0, 0), 0.7), color * 0.8)
    if person.skin.mark == "birthmark":
        _paint_birthmark(rng, person, albedo, head)
    elif person.skin.mark != "none":
        _paint_mark(rng, person, albedo, head)
