"""The light on every pixel of the head and every point of its strands.

What a pixel is made of comes from the z-buffer: triangle and barycentric weights. Hair follows
Kajiya and Kay (1989).
"""

import math
from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float32, Float64, Int32, UInt8
from numba import njit

from idfsr.synthref.eyes import Eyes, shade_eye
from idfsr.synthref.kernels import BACKGROUND
from idfsr.synthref.lighting import (
    Lighting,
    Material,
    environment_light,
    light_surface,
    quick_light,
)

SKIN, TONGUE = 0, 3
"""Indices into `mesh.PARTS`; those between are teeth."""
TURNED_AWAY = -0.3
"""Interpolated normals below this z belong to folds, where little light comes."""
SKIN_WRAP, SKIN_POWER = 0.24, 28.0
"""See `lighting.Material`."""
BORDER_ROWS = 24
"""Rows of the texture that are repeated below it."""
SKY_LEAST, SKY_GAIN, SKY_POWER = 0.02, 1.15, 1.8
"""Light of the environment in a hollow that sees none of it, its rise with the free share and the
power of the sum: light from straight ahead, which hollows lack last, is the weakest."""
SHEEN_NARROW, SHEEN_BROAD, SHEEN_SKY = 0.05, 0.012, 0.022
"""White highlights of strands, of the key and of the environment."""
HAIR_BACK = 0.5
"""Light of the lamp behind on strands."""
TIP_LIGHTER = 0.45
"""How much lighter strands are at the tip."""


class Hits(NamedTuple):
    """What the z-buffer found at each pixel."""

    face_ids: Int32[np.ndarray, "H W"]
    """Triangle, `EYE_LEFT`, `EYE_RIGHT` or `BACKGROUND`."""
    weights: Float32[np.ndarray, "H W 2"]
    """Barycentric weights of the triangle's first two corners."""


class Surface(NamedTuple):
    """The drawn mesh of an image."""

    triangles: Int32[np.ndarray, "F 3"]
    parts: UInt8[np.ndarray, " F"]
    """Index into `mesh.PARTS`."""
    vertices: Float32[np.ndarray, "N 11"]
    """See `stack_vertices`."""


def stack_vertices(
    position: Float32[np.ndarray, "N 3"],
    normals: Float32[np.ndarray, "N 3"],
    texels: Float32[np.ndarray, "N 2"],
    inside_mouth: Float32[np.ndarray, " N"],
    occlusion: Float32[np.ndarray, " N"],
    lit: Float32[np.ndarray, " N"],
) -> Float32[np.ndarray, "N 11"]:
    """Lay what the shading interpolates side by side, one row a vertex.

    Args:
        position: In the camera's axes.
        normals: Likewise.
        texels: In texture space.
        inside_mouth: 1 on the lining of the mouth.
        occlusion: Free share of the sky.
        lit: Share of the key that arrives.
    """
    return np.column_stack([position, normals, texels, inside_mouth, occlusion, lit])


POSITION, NORMAL, TEXEL, MOUTH, FREE, LIT, NUM_VALUES = 0, 3, 6, 8, 9, 10, 11
"""Columns of `stack_vertices`."""


class Paint(NamedTuple):
    """The colours of a person."""

    layers: Float32[np.ndarray, "H W 4"]
    """Of the skin: linear RGB and gloss."""
    slopes: Float32[np.ndarray, "H W 2"]
    """Relief of the skin."""
    relief: float
    """Its scale."""
    teeth: Float64[np.ndarray, "3"]
    """Linear RGB."""


@njit(cache=True, nogil=True)
@no_type_check
def _sample(
    texture: Float32[np.ndarray, "H W C"], u: float, v: float, out: Float32[np.ndarray, " C"]
) -> None:
    """Read a texture between its texels."""
    height, width, channels = texture.shape
    u = min(max(u - 0.5, 0.0), width - 1.001)
    over = v - 0.5 - (height - 1)
    if over > 0:  # the shoulders lie below the texture: its lowest rows back and forth
        over = over % (2 * BORDER_ROWS)
        v = height - 0.5 - (over if over < BORDER_ROWS else 2 * BORDER_ROWS - over)
    v = min(max(v - 0.5, 0.0), height - 1.001)
    column = int(u)
    row = int(v)
    fu = u - column
    fv = v - row
    for c in range(channels):
        top = texture[row, column, c] * (1 - fu) + texture[row, column + 1, c] * fu
        low = texture[row + 1, column, c] * (1 - fu) + texture[row + 1, column + 1, c] * fu
        out[c] = top * (1 - fv) + low * fv


@njit(cache=True, nogil=True)
@no_type_check
def _normalise(vector: Float64[np.ndarray, "3"]) -> None:
    """Bring a vector to unit length."""
    length = math.sqrt(vector[0] ** 2 + vector[1] ** 2 + vector[2] ** 2) + 1e-9
    for c in range(3):
        vector[c] /= length


@njit(cache=True, nogil=True)
@no_type_check
def _tilt(
    normal: Float64[np.ndarray, "3"],
    slope: Float32[np.ndarray, "2"],
    relief: float,
    light: Float64[np.ndarray, "17 3"],
) -> None:
    """Tilt the normal by the slopes of texture space: x around, y down the head."""
    tx = light[2, 1] * normal[2] - light[2, 2] * normal[1]
    ty = light[2, 2] * normal[0] - light[2, 0] * normal[2]
    tz = light[2, 0] * normal[1] - light[2, 1] * normal[0]
    size = math.sqrt(tx * tx + ty * ty + tz * tz) + 1e-9
    tx, ty, tz = tx / size, ty / size, tz / size
    bx = normal[1] * tz - normal[2] * ty
    by = normal[2] * tx - normal[0] * tz
    bz = normal[0] * ty - normal[1] * tx
    along = -slope[0] * relief
    down = slope[1] * relief
    normal[0] += along * tx + down * bx
    normal[1] += along * ty + down * by
    normal[2] += along * tz + down * bz


@njit(cache=True, nogil=True)
@no_type_check
def _interpolate(
    vertices: Float32[np.ndarray, "N 11"],
    corners: tuple[int, int, int],
    shares: tuple[float, float],
    values: Float64[np.ndarray, "11"],
) -> None:
    """Blend the rows of a triangle's corners; `shares` are the weights of the first two."""
    a, b, c = corners
    w_a, w_b = shares
    w_c = 1 - w_a - w_b
    for k in range(NUM_VALUES):
        values[k] = w_a * vertices[a, k] + w_b * vertices[b, k] + w_c * vertices[c, k]


@njit(cache=True, nogil=True)
@no_type_check
def _paint_skin(
    values: Float64[np.ndarray, "11"],
    sample: Float32[np.ndarray, "4"],
    albedo: Float64[np.ndarray, "3"],
    layers: Float32[np.ndarray, "H W 4"],
) -> tuple[float, float]:
    """Write the colour of skin or of the mouth's lining; returns gloss and free share of sky."""
    mouth = values[MOUTH]
    _sample(layers, values[TEXEL], values[TEXEL + 1], sample)
    albedo[0] = sample[0] * (1 - mouth) + 0.1 * mouth
    albedo[1] = sample[1] * (1 - mouth) + 0.024 * mouth
    albedo[2] = sample[2] * (1 - mouth) + 0.021 * mouth
    return sample[3] * (1 - mouth), values[FREE] * (1 - mouth) + 0.35 * mouth


@njit(cache=True, nogil=True)
@no_type_check
def _paint_mouth(
    values: Float64[np.ndarray, "11"],
    part: int,
    albedo: Float64[np.ndarray, "3"],
    teeth: Float64[np.ndarray, "3"],
) -> tuple[Material, float]:
    """Write the colour of teeth or tongue; returns material and free share of the sky."""
    if part == TONGUE:
        albedo[0], albedo[1], albedo[2] = 0.2, 0.06, 0.055
        values[LIT] *= 0.5
        return Material(1.0, SKIN_WRAP, SKIN_POWER), 0.3
    for c in range(3):
        albedo[c] = teeth[c] * (1 - 0.97 * values[MOUTH])
    values[LIT] = 0.35 + 0.5 * values[LIT]
    return Material(1.2 * (1 - values[MOUTH]), 0.3, SKIN_POWER), 0.6


@njit(cache=True, nogil=True)
@no_type_check
def shade_pixels(
    hits: Hits,
    surface: Surface,
    paint: Paint,
    eyes: Eyes,
    lighting: Lighting,
    camera: float,
    image: Float32[np.ndarray, "H W 4"],
) -> None:
    """Light every pixel that the head covers.

    Args:
        hits: Of the z-buffer.
        surface: The mesh.
        paint: The person's colours.
        eyes: The eyeballs.
        lighting: The light.
        camera: Distance of the camera along z.
        image: Linear RGB and cover, written.
    """
    face_ids, weights = hits
    triangles, parts, vertices = surface
    layers, slopes, relief, teeth = paint
    light = lighting.rows
    normal, view, albedo, pixel = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    smooth = np.empty(3)
    values, sample, slope = np.empty(NUM_VALUES), np.empty(4, np.float32), np.empty(2, np.float32)
    for y in range(face_ids.shape[0]):
        for x in range(face_ids.shape[1]):
            face = face_ids[y, x]
            if face == BACKGROUND:
                continue
            if face < BACKGROUND:
                shade_eye(pixel, x, y, -2 - face, eyes, lighting)
            else:
                corners = (triangles[face, 0], triangles[face, 1], triangles[face, 2])
                _interpolate(vertices, corners, (weights[y, x, 0], weights[y, x, 1]), values)
                normal[:] = values[NORMAL : NORMAL + 3]
                view[:] = -values[POSITION : POSITION + 3]
                view[2] += camera
                _normalise(view)
                _normalise(normal)
                smooth[:] = normal
                values[LIT] = min(max(values[LIT], 0.0), 1.0)
                values[FREE] = min(max(values[FREE], 0.0), 1.0)
                part = parts[face]
                if part == SKIN:
                    gloss, free = _paint_skin(values, sample, albedo, layers)
                    material = Material(gloss, SKIN_WRAP, SKIN_POWER)
                    _sample(slopes, values[TEXEL], values[TEXEL + 1], slope)
                    _tilt(normal, slope, relief, light)
                else:
                    material, free = _paint_mouth(values, part, albedo, teeth)
                _normalise(normal)
                if normal[2] < TURNED_AWAY and part == SKIN:
                    free *= 0.3
                reach = (min(1.0, SKY_LEAST + SKY_GAIN * free) ** SKY_POWER, values[LIT])
                light_surface(pixel, albedo, material, (normal, smooth), view, reach, light)
            image[y, x, :3] = pixel
            image[y, x, 3] = 1.0


@njit(cache=True, nogil=True)
@no_type_check
def _lobe(toward: float, seen: float) -> float:
    """Return a highlight of a strand, of power 4, from the sines of its tilt to light and view."""
    toward = min(max(toward, -1.0), 1.0)
    sines = math.sqrt(1 - toward * toward) * math.sqrt(max(1 - seen * seen, 0.0))
    cosine = max(sines - toward * seen, 0.0)
    return cosine * cosine * cosine * cosine


@njit(cache=True, nogil=True)
@no_type_check
def shade_strands(
    points: Float32[np.ndarray, "S K 3"],
    colors: Float64[np.ndarray, "S 3"],
    depths: Float64[np.ndarray, " S"],
    camera: float,
    lighting: Lighting,
    out: Float32[np.ndarray, "S K 4"],
) -> None:
    """Light the points of strands.

    Args:
        points: In the camera's axes.
        colors: Linear RGB of each strand.
        depths: 0 next to the skin, 1 at the outside.
        camera: Distance of the camera along z.
        lighting: The light.
        out: Linear RGB, written; the opacity stays.
    """
    light = lighting.rows
    count, steps, _ = points.shape
    for strand in range(count):
        # Each strand has its own place of the highlight, which breaks the bands up.
        shift = 0.11 * math.sin(strand * 12.9898)
        layer = 0.3 + 0.7 * depths[strand]
        for k in range(steps):
            first = min(k, steps - 2)
            tx = points[strand, first + 1, 0] - points[strand, first, 0]
            ty = points[strand, first + 1, 1] - points[strand, first, 1]
            tz = points[strand, first + 1, 2] - points[strand, first, 2]
            length = math.sqrt(tx * tx + ty * ty + tz * tz) + 1e-9
            tx, ty, tz = tx / length, ty / length, tz / length
            x, y, z = points[strand, k]
            lit = quick_light(x, y, z, lighting)
            away = math.sqrt(x * x + y * y + z * z) + 1e-9
            turned = (x * light[0, 0] + y * light[0, 1] + z * light[0, 2]) / away
            around = 0.3 + 0.7 * max(turned + 0.35, 0.0) / 1.35
            toward = tx * light[0, 0] + ty * light[0, 1] + tz * light[0, 2]
            vz = camera - z
            distance = math.sqrt(x * x + y * y + vz * vz)
            seen = (-tx * x - ty * y + tz * vz) / distance
            sin_light = math.sqrt(max(1 - toward * toward, 0.0))
            sin_view = math.sqrt(max(1 - seen * seen, 0.0))
            cosine = max(sin_light * sin_view - toward * seen, 0.0)
            # Tilting the strand moves the mirrored direction towards root or tip.
            narrow = _lobe(toward + shift + 0.06, seen)
            narrow = narrow * narrow * narrow * narrow
            narrow = narrow * narrow * narrow * narrow
            broad = _lobe(toward + shift - 0.12, seen)
            broad = broad * broad * broad
            root = 0.62 + 0.38 * min(1.0, 3.0 * k / steps)
            tip = 1.0 + TIP_LIGHTER * (k / steps) ** 2
            behind = (x * light[7, 0] + y * light[7, 1] + z * light[7, 2]) / away
            behind = HAIR_BACK * max(behind + 0.2, 0.0)
            for c in range(3):
                color = colors[strand, c] * tip
                ambient = environment_light(x / away, y / away, z / away, light, c)
                value = color * (light[3, c] * 0.8 * sin_light * lit * around + 0.3 * light[4, c])
                value += color * 0.85 * ambient
                value += (
                    lit
                    * around
                    * light[3, c]
                    * (SHEEN_NARROW * narrow + SHEEN_BROAD * broad + 0.45 * color * broad)
                )
                value += ambient * SHEEN_SKY * cosine * cosine * cosine
                value += light[5, c] * behind * (color + 0.03)
                out[strand, k, c] = value * layer * root
