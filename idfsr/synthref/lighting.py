"""Light on a point, in linear light, and how much of the key reaches it.

An environment (`illumination.py`), a key with shadows, a fill and a lamp behind. Skin: Lambert with
a wrapped, redder terminator in place of scattering below the surface, and a highlight (Blinn 1977)
with Fresnel's rise at grazing angles (Schlick 1994, Eq. 15).
"""

import math
from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float32, Float64
from numba import njit

SHADOW_SIZE = 256
SHADOW_SPAN = 3.4
"""Side of the square that the shadow map covers, in units of the mesh."""
SHADOW_BIAS = 0.035
STRAND_BIAS = 0.04
"""How much deeper than the map a point must lie to be in shadow, against shadows of its own."""
SHADOW_REACH = 3
"""The edge of a shadow is softened over as many cells to each side."""
SOFTENING = np.exp(-0.18 * np.arange(-SHADOW_REACH, SHADOW_REACH + 1) ** 2.0)
SOFTENING /= SOFTENING.sum()
"""Weights of a row of these cells."""


class Lighting(NamedTuple):
    """Light in the camera's axes (x to the right, y up, z to the viewer)."""

    rows: Float64[np.ndarray, "17 3"]
    """Directions to the key and the fill, the head's up; linear RGB of key, fill, the lamp behind
    and what eyes mirror; the direction to the lamp behind; from `ENVIRONMENT` on the nine
    coefficients of `illumination.project`."""
    frame: Float64[np.ndarray, "3 3"]
    """Right, up and towards the light, as the key sees."""
    shadow: Float32[np.ndarray, "size size"]
    """Nearest depth towards the key."""
    softness: float
    """Width of the edge of the shadow, over `SHADOW_REACH` cells."""


ENVIRONMENT = 8
"""First row of the environment in `Lighting.rows`."""

SCATTER = (1.0, 0.42, 0.26)
"""How far red, green and blue light creeps around the terminator, over `Material.wrap`."""
SMOOTHED = (0.65, 0.3, 0.15)
"""Share of the light below the surface, which sees the skin without its relief."""
SHADOW_TINT, SKY_TINT = 0.74, 0.76
"""Red light comes back from shadows and from hollows: their power for red, below 1."""
SHINE, SHEEN, RIM = 0.11, 0.16, 0.5


class Material(NamedTuple):
    """How a surface reflects."""

    gloss: float
    wrap: float
    """How far light creeps around the terminator."""
    power: float
    """Exponent of the highlight."""


@njit(cache=True, nogil=True)
@no_type_check
def light_reaching(x: float, y: float, z: float, lighting: Lighting) -> float:
    """Return the share of the key that reaches a point, softened over a few cells."""
    frame, shadow, softness = lighting.frame, lighting.shadow, lighting.softness
    size = shadow.shape[0]
    scale = size / SHADOW_SPAN
    u = (frame[0, 0] * x + frame[0, 1] * y + frame[0, 2] * z) * scale + 0.5 * size
    v = 0.5 * size - (frame[1, 0] * x + frame[1, 1] * y + frame[1, 2] * z) * scale
    depth = frame[2, 0] * x + frame[2, 1] * y + frame[2, 2] * z
    lit = 0.0
    for dv in range(-SHADOW_REACH, SHADOW_REACH + 1):
        for du in range(-SHADOW_REACH, SHADOW_REACH + 1):
            weight = SOFTENING[dv + SHADOW_REACH] * SOFTENING[du + SHADOW_REACH]
            column = int(u + du * softness)
            row = int(v + dv * softness)
            if 0 <= column < size and 0 <= row < size:
                gap = shadow[row, column] - depth - SHADOW_BIAS
                lit += weight * min(max(1.0 - gap * 40.0, 0.0), 1.0)
            else:
                lit += weight
    return lit


@njit(cache=True, nogil=True)
@no_type_check
def light_on_vertices(
    position: Float32[np.ndarray, "N 3"], lighting: Lighting
) -> Float32[np.ndarray, " N"]:
    """Return the share of the key that reaches each vertex."""
    lit = np.empty(position.shape[0], np.float32)
    for vertex in range(position.shape[0]):
        x, y, z = position[vertex]
        lit[vertex] = light_reaching(x, y, z, lighting)
    return lit


@njit(cache=True, nogil=True)
@no_type_check
def quick_light(x: float, y: float, z: float, lighting: Lighting) -> float:
    """Return the share of the key that reaches a point of a strand, from one cell."""
    frame, shadow = lighting.frame, lighting.shadow
    size = shadow.shape[0]
    scale = size / SHADOW_SPAN
    column = int((frame[0, 0] * x + frame[0, 1] * y + frame[0, 2] * z) * scale + 0.5 * size)
    row = int(0.5 * size - (frame[1, 0] * x + frame[1, 1] * y + frame[1, 2] * z) * scale)
    if column < 0 or column >= size or row < 0 or row >= size:
        return 1.0
    depth = frame[2, 0] * x + frame[2, 1] * y + frame[2, 2] * z
    gap = shadow[row, column] - depth - STRAND_BIAS
    return min(max(1.0 - gap * 8.0, 0.0), 1.0)


@njit(cache=True, nogil=True)
@no_type_check
def dot_row(vector: Float64[np.ndarray, "3"], rows: Float64[np.ndarray, "R 3"], row: int) -> float:
    """Multiply a vector with a row of a table."""
    return vector[0] * rows[row, 0] + vector[1] * rows[row, 1] + vector[2] * rows[row, 2]


@njit(cache=True, nogil=True)
@no_type_check
def environment_light(
    x: float, y: float, z: float, rows: Float64[np.ndarray, "17 3"], channel: int
) -> float:
    """Return the environment's light on a matt surface with the unit normal (x, y, z)."""
    e = ENVIRONMENT
    light = rows[e, channel] + rows[e + 1, channel] * y + rows[e + 2, channel] * z
    light += rows[e + 3, channel] * x + rows[e + 4, channel] * x * y + rows[e + 5, channel] * y * z
    light += rows[e + 6, channel] * (3 * z * z - 1) + rows[e + 7, channel] * x * z
    return max(light + rows[e + 8, channel] * (x * x - y * y), 0.0)


@njit(cache=True, nogil=True)
@no_type_check
def light_surface(
    pixel: Float64[np.ndarray, "3"],
    albedo: Float64[np.ndarray, "3"],
    material: Material,
    normals: tuple[Float64[np.ndarray, "3"], Float64[np.ndarray, "3"]],
    view: Float64[np.ndarray, "3"],
    reach: tuple[float, float],
    light: Float64[np.ndarray, "17 3"],
) -> None:
    """Light a point and write its linear RGB to `pixel`.

    Args:
        pixel: Written.
        albedo: Linear RGB.
        material: How it reflects.
        normals: Unit; with and without the relief of the surface.
        view: Unit, towards the camera.
        reach: Shares of the sky and of the key that reach the point.
        light: `Lighting.rows`.
    """
    occlusion, lit = reach
    normal, smooth = normals
    smooth_key = dot_row(smooth, light, 0)
    smooth_fill = dot_row(smooth, light, 1)
    key = dot_row(normal, light, 0)
    fill = dot_row(normal, light, 1)
    back = max(dot_row(normal, light, 7), 0.0)
    cosine = normal[0] * view[0] + normal[1] * view[1] + normal[2] * view[2]
    facing = max(cosine, 0.0)
    hx = light[0, 0] + view[0]
    hy = light[0, 1] + view[1]
    hz = light[0, 2] + view[2]
    length = math.sqrt(hx * hx + hy * hy + hz * hz) + 1e-9
    half = max((normal[0] * hx + normal[1] * hy + normal[2] * hz) / length, 0.0)
    mx = 2 * cosine * normal[0] - view[0]
    my = 2 * cosine * normal[1] - view[1]
    mz = 2 * cosine * normal[2] - view[2]
    fresnel = 0.03 + 0.97 * (1 - facing) ** 5
    lobes = 0.5 * half ** (material.power * 0.35) + 0.75 * half**material.power
    shine = material.gloss * lobes * SHINE * lit
    sheen = material.gloss * SHEEN * fresnel * occlusion
    rim = back * occlusion * RIM * (1 - facing) ** 2
    red_lit, red_sky = lit**SHADOW_TINT, occlusion**SKY_TINT
    for c in range(3):
        soft = material.wrap * SCATTER[c]
        keyed = key + SMOOTHED[c] * (smooth_key - key)
        filled = fill + SMOOTHED[c] * (smooth_fill - fill)
        diffuse = max((keyed + soft) / (1 + soft), 0.0) / (1 + 0.5 * soft)
        colored = lit if c > 0 else red_lit
        ambient = environment_light(normal[0], normal[1], normal[2], light, c)
        shade = occlusion if c > 0 else red_sky
        value = albedo[c] * (
            light[3, c] * diffuse * colored
            + light[4, c] * max((filled + soft) / (1 + soft), 0.0) * (0.4 + 0.6 * occlusion)
            + light[5, c] * back * occlusion
            + ambient * shade
        )
        value += light[3, c] * shine * (1.0 if key > 0 else 0.0)
        value += environment_light(mx, my, mz, light, c) * sheen
        pixel[c] = value + light[5, c] * rim
