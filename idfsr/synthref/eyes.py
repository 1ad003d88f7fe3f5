"""Eyeballs: iris with fibres, pupil, limbus, veins, the lid's shadow and the lights they mirror."""

import math
from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float64
from numba import njit

from idfsr.synthref.lighting import Lighting, Material, light_reaching, light_surface

EYE_LEFT, EYE_RIGHT = -2, -3
"""Face numbers of the eyeballs' pixels."""

RADIUS = 0.16
"""Of an eyeball, in units of the mesh, where its shadow is looked up."""


class Eyes(NamedTuple):
    """The eyeballs of an image, the viewer's left one first."""

    places: Float64[np.ndarray, "2 7"]
    """x, y, radius on the screen; x, y, z in the camera's axes; depth on the screen."""
    frames: Float64[np.ndarray, "2 3 3"]
    """Gaze, its right and its up."""
    iris: Float64[np.ndarray, "3"]
    """Linear RGB."""
    white: float
    """Brightness of the sclera: the skin around it sheds light on it."""
    iris_size: float
    """Radius of the iris over the eyeball's."""


@njit(cache=True, nogil=True)
@no_type_check
def fade(low: float, high: float, value: float) -> float:
    """Rise from 0 at `low` to 1 at `high` without a kink."""
    t = min(max((value - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)


@njit(cache=True, nogil=True)
@no_type_check
def _paint_eye(
    albedo: Float64[np.ndarray, "3"],
    offset: Float64[np.ndarray, "3"],
    side: int,
    eyes: Eyes,
    light: Float64[np.ndarray, "17 3"],
) -> float:
    """Write the colour at a unit offset from the eyeball's centre; returns 1 on the white."""
    frame, size = eyes.frames[side], eyes.iris_size
    along = offset[0] * frame[0, 0] + offset[1] * frame[0, 1] + offset[2] * frame[0, 2]
    right = offset[0] * frame[1, 0] + offset[1] * frame[1, 1] + offset[2] * frame[1, 2]
    up = offset[0] * frame[2, 0] + offset[1] * frame[2, 1] + offset[2] * frame[2, 2]
    radius = math.sqrt(right * right + up * up) / size if along > 0 else 9.0
    turn = math.atan2(up, right)
    seed = size * 60 + eyes.iris[0] * 99
    fibre = (
        0.5
        + 0.25 * math.sin(turn * 23 + seed)
        + 0.25 * math.sin(turn * 41 + 2.3 * seed + 9 * radius)
    )
    white = fade(0.95, 1.06, radius)
    pupil = 1 - fade(0.3, 0.36, radius)
    ring = fade(0.78, 1.0, radius) * (1 - white)
    collar = math.exp(-((radius - 0.5) ** 2) / 0.012)
    toward = -(right * light[0, 0] + up * light[0, 1]) / (0.3 + size)
    depth_light = 0.75 + 0.5 * max(0.0, toward)
    vein = 0.12 * fade(1.3, 2.3, radius) * (0.8 + 0.2 * math.sin(turn * 17 + 5 * radius))
    for c in range(3):
        color = eyes.iris[c] * (0.65 + 0.7 * fibre) * (1 + 0.35 * collar) * (1 - 0.72 * ring)
        color = color * depth_light * (1 - pupil) + 0.004 * pupil
        sclera = eyes.white * (1.0 if c == 0 else (0.95 - 2 * vein if c == 1 else 0.9 - 2 * vein))
        albedo[c] = color * (1 - white) + sclera * white
    return white


@njit(cache=True, nogil=True)
@no_type_check
def _mirror(
    pixel: Float64[np.ndarray, "3"],
    offset: Float64[np.ndarray, "3"],
    gaze: Float64[np.ndarray, "3"],
    white: float,
    light: Float64[np.ndarray, "17 3"],
) -> None:
    """Add the key and a window, mirrored on the cornea, which bulges over the iris."""
    along = offset[0] * gaze[0] + offset[1] * gaze[1] + offset[2] * gaze[2]
    bulge = 0.45 * (1 - white) * along
    nx = offset[0] + bulge * (offset[0] - gaze[0] * along)
    ny = offset[1] + bulge * (offset[1] - gaze[1] * along)
    hx = light[0, 0] * 0.75
    hy = light[0, 1] * 0.6 + 0.18
    hz = light[0, 2] + 1.0
    length = math.sqrt(hx * hx + hy * hy + hz * hz)
    miss = (nx - hx / length * 0.8) ** 2 + (ny - hy / length * 0.8) ** 2
    glint = 1 - fade(0.003, 0.02, miss)
    window = 0.2 * math.exp(-((nx + 0.14) ** 2 / 0.007 + (ny - 0.3) ** 2 / 0.012))
    # The cornea also mirrors the surroundings, the more the farther it turns away.
    film = 0.006 + 0.03 * (1 - white) * max(ny, 0.0)
    for c in range(3):
        pixel[c] += glint * (0.35 + 0.9 * light[3, c]) + (window + film) * light[6, c]


@njit(cache=True, nogil=True)
@no_type_check
def shade_eye(
    pixel: Float64[np.ndarray, "3"],
    x: int,
    y: int,
    side: int,
    eyes: Eyes,
    lighting: Lighting,
) -> None:
    """Light the pixel (x, y) of an eyeball and write its linear RGB to `pixel`."""
    place = eyes.places[side]
    dx = (x + 0.5 - place[0]) / place[2]
    dy = -(y + 0.5 - place[1]) / place[2]
    dz = math.sqrt(max(1 - dx * dx - dy * dy, 0.0))
    lit = light_reaching(
        place[3] + RADIUS * dx,
        place[4] + RADIUS * dy,
        place[5] + RADIUS * dz + 0.03,
        lighting,
    )
    corner = 1 - 0.6 * fade(0.45, 0.95, abs(dx))
    lid = fade(-0.1, 0.62, -dy * 0.85 + 0.28) * corner
    offset = np.array([dx, dy, dz])
    albedo = np.empty(3)
    white = _paint_eye(albedo, offset, side, eyes, lighting.rows)
    reach = (0.22 + 0.63 * lid, lit * (0.35 + 0.65 * lid))
    view = np.array([0.0, 0.0, 1.0])
    light_surface(
        pixel, albedo, Material(0.0, 0.25, 40.0), (offset, offset), view, reach, lighting.rows
    )
    _mirror(pixel, offset, eyes.frames[side, 0], white, lighting.rows)
