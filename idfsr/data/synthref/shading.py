"""Light on skin, eyes, teeth and hair, pixel by pixel, in linear light.

Skin: Lambert with a wrapped, redder terminator in place of scattering below the surface, ambient
light from above and below, a key with shadows, a fill, a rim, and a highlight (Blinn 1977) with
Fresnel's rise at grazing angles (Schlick 1994, Eq. 15). Hair: Kajiya and Kay (1989).
"""

import math
from typing import no_type_check

import numpy as np
from numba import njit

EYE_LEFT, EYE_RIGHT = -2, -3
"""Face numbers of the eyeballs' pixels."""

SHADOW_SIZE = 256
SHADOW_SPAN = 3.4
"""Side of the square that the shadow map covers, in units of the mesh."""
SHADOW_BIAS = 0.035


@njit(cache=True, nogil=True)
@no_type_check
def light_reaching(x, y, z, frame, shadow):
    """Return the share of the key that reaches a point, softened over a few cells."""
    size = shadow.shape[0]
    scale = size / 3.4
    u = (frame[0, 0] * x + frame[0, 1] * y + frame[0, 2] * z) * scale + 0.5 * size
    v = 0.5 * size - (frame[1, 0] * x + frame[1, 1] * y + frame[1, 2] * z) * scale
    depth = frame[2, 0] * x + frame[2, 1] * y + frame[2, 2] * z
    lit = 0.0
    total = 0.0
    for dv in range(-3, 4):
        for du in range(-3, 4):
            weight = math.exp(-0.18 * (du * du + dv * dv))
            column = int(u + du * 1.0)
            row = int(v + dv * 1.0)
            total += weight
            if 0 <= column < size and 0 <= row < size:
                gap = shadow[row, column] - depth - 0.035
                lit += weight * min(max(1.0 - gap * 40.0, 0.0), 1.0)
            else:
                lit += weight
    return lit / total


@njit(cache=True, nogil=True)
@no_type_check
def light_on_vertices(position, frame, shadow):
    """Return the share of the key that reaches each vertex."""
    lit = np.empty(position.shape[0], np.float32)
    for vertex in range(position.shape[0]):
        x, y, z = position[vertex]
        lit[vertex] = light_reaching(x, y, z, frame, shadow)
    return lit


@njit(cache=True, nogil=True)
@no_type_check
def _quick_light(x, y, z, frame, shadow):
    """Return the share of the key that reaches a point of a strand, from one cell."""
    size = shadow.shape[0]
    scale = size / 3.4
    column = int((frame[0, 0] * x + frame[0, 1] * y + frame[0, 2] * z) * scale + 0.5 * size)
    row = int(0.5 * size - (frame[1, 0] * x + frame[1, 1] * y + frame[1, 2] * z) * scale)
    if column < 0 or column >= size or row < 0 or row >= size:
        return 1.0
    depth = frame[2, 0] * x + frame[2, 1] * y + frame[2, 2] * z
    gap = shadow[row, column] - depth - 0.04
    return min(max(1.0 - gap * 8.0, 0.0), 1.0)


@njit(cache=True, nogil=True)
@no_type_check
def _sample(texture, u, v, out):
    height, width, channels = texture.shape
    u = min(max(u - 0.5, 0.0), width - 1.001)
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
def _step(low, high, value):
    t = min(max((value - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)


@njit(cache=True, nogil=True)
@no_type_check
def _surface(pixel, albedo, gloss, wrap, normal, view, occlusion, lit, light, power):
    """Light a point; `light` has rows: key, fill and axis directions, then the five colours."""
    key = normal[0] * light[0, 0] + normal[1] * light[0, 1] + normal[2] * light[0, 2]
    fill = normal[0] * light[1, 0] + normal[1] * light[1, 1] + normal[2] * light[1, 2]
    up = normal[0] * light[2, 0] + normal[1] * light[2, 1] + normal[2] * light[2, 2]
    facing = max(normal[0] * view[0] + normal[1] * view[1] + normal[2] * view[2], 0.0)
    hx = light[0, 0] + view[0]
    hy = light[0, 1] + view[1]
    hz = light[0, 2] + view[2]
    length = math.sqrt(hx * hx + hy * hy + hz * hz) + 1e-9
    half = max((normal[0] * hx + normal[1] * hy + normal[2] * hz) / length, 0.0)
    fresnel = 0.03 + 0.97 * (1 - facing) ** 5
    shine = gloss * (0.55 * half ** (power * 0.4) + half**power * 0.8) * 0.1 * lit
    sheen = gloss * 0.12 * fresnel * occlusion
    rim = (1 - facing) ** 3 * occlusion
    for c in range(3):
        soft = wrap * (1.0 if c == 0 else (0.45 if c == 1 else 0.3))
        diffuse = max((key + soft) / (1 + soft), 0.0) / (1 + 0.5 * soft)
        colored = lit if c > 0 else lit**0.85
        ambient = light[7, c] + (light[6, c] - light[7, c]) * (0.5 + 0.5 * up)
        shade = occlusion if c > 0 else occlusion**0.85
        value = albedo[c] * (
            light[3, c] * diffuse * colored
            + light[4, c] * max((fill + soft) / (1 + soft), 0.0) * (0.4 + 0.6 * occlusion)
            + ambient * shade
        )
        value += light[3, c] * shine * (1.0 if key > 0 else 0.0) + light[6, c] * sheen
        pixel[c] = value + light[5, c] * rim * (0.1 + 0.5 * albedo[c])


@njit(cache=True, nogil=True)
@no_type_check
def _eye(pixel, dx, dy, dz, eye, iris, size, light, lit, occlusion, noise_seed):
    """Light a point of an eyeball at unit offset (dx, dy, dz) from its centre.

    `eye` has rows: gaze, its right and its up.
    """
    along = dx * eye[0, 0] + dy * eye[0, 1] + dz * eye[0, 2]
    right = dx * eye[1, 0] + dy * eye[1, 1] + dz * eye[1, 2]
    up = dx * eye[2, 0] + dy * eye[2, 1] + dz * eye[2, 2]
    radius = math.sqrt(right * right + up * up) / size if along > 0 else 9.0
    turn = math.atan2(up, right)
    fibre = (
        0.5
        + 0.25 * math.sin(turn * 23 + noise_seed)
        + 0.25 * math.sin(turn * 41 + 2.3 * noise_seed + 9 * radius)
    )
    white = _step(0.95, 1.06, radius)
    pupil = 1 - _step(0.36, 0.42, radius)
    ring = _step(0.78, 1.0, radius) * (1 - white)
    collar = math.exp(-((radius - 0.5) ** 2) / 0.012)
    depth_light = 0.75 + 0.5 * max(0.0, -(right * light[0, 0] + up * light[0, 1]) / (0.3 + size))
    vein = 0.06 * _step(1.2, 2.4, radius)
    normal = np.array([dx, dy, dz])
    view = np.array([0.0, 0.0, 1.0])
    albedo = np.empty(3)
    for c in range(3):
        color = iris[c] * (0.65 + 0.7 * fibre) * (1 + 0.35 * collar) * (1 - 0.72 * ring)
        color = color * depth_light * (1 - pupil) + 0.004 * pupil
        sclera = 0.68 if c == 0 else (0.63 - vein if c == 1 else 0.61 - vein)
        albedo[c] = color * (1 - white) + sclera * white
    _surface(pixel, albedo, 0.0, 0.25, normal, view, occlusion, lit, light, 40.0)
    bulge = 0.45 * (1 - white) * along
    nx = dx + bulge * (dx - eye[0, 0] * along)
    ny = dy + bulge * (dy - eye[0, 1] * along)
    hx = light[0, 0] * 0.75
    hy = light[0, 1] * 0.6 + 0.18
    hz = light[0, 2] + 1.0
    length = math.sqrt(hx * hx + hy * hy + hz * hz)
    miss = (nx - hx / length * 0.8) ** 2 + (ny - hy / length * 0.8) ** 2
    glint = 1 - _step(0.004, 0.016, miss)
    window = 0.25 * math.exp(-((nx + 0.12) ** 2 + (ny - 0.28) ** 2) / 0.02)
    for c in range(3):
        pixel[c] += glint * (0.35 + 0.9 * light[3, c]) + window * light[6, c]


@njit(cache=True, nogil=True)
@no_type_check
def shade_pixels(
    face_ids, weights, triangles, parts, position, normals, texels, inside_mouth, occlusion,
    lit_vertices, layers, slopes, relief, eyes, eye_frames, iris, iris_size, teeth, light,
    light_frame, shadow, camera, image,
):  # fmt: skip
    """Light every pixel that the head covers.

    Args:
        face_ids: Of the z-buffer: triangle, `EYE_LEFT`, `EYE_RIGHT` or none.
        weights: Barycentric weights of the first two corners.
        triangles: Corners; `parts` the part of each (see `mesh.PARTS`).
        position: Vertices in the camera's axes; `normals` likewise.
        texels: Texture coordinates of the vertices.
        inside_mouth: 1 on the lining of the mouth.
        occlusion: Free share of the sky at each vertex.
        lit_vertices: Share of the key that reaches each vertex.
        layers: Painted skin, linear RGB and gloss.
        slopes: Relief of the skin; `relief` scales it.
        eyes: Rows (x, y, radius) of the eyeballs on the screen, then x, y, z in camera axes.
        eye_frames: Gaze, its right and its up for each eyeball.
        iris: Linear RGB; `iris_size` its radius over the eyeball's.
        teeth: Linear RGB.
        light: See `_surface`; `light_frame` and `shadow` see `light_reaching`.
        camera: Distance of the camera along z.
        image: Linear RGB, written.
    """
    height, width = face_ids.shape
    sample = np.empty(4, np.float32)
    slope = np.empty(2, np.float32)
    normal = np.empty(3)
    view = np.empty(3)
    place = np.empty(3)
    albedo = np.empty(3)
    pixel = np.empty(3)
    for y in range(height):
        for x in range(width):
            face = face_ids[y, x]
            if face == -1:
                continue
            if face < -1:
                side = -2 - face
                dx = (x + 0.5 - eyes[side, 0]) / eyes[side, 2]
                dy = -(y + 0.5 - eyes[side, 1]) / eyes[side, 2]
                dz = math.sqrt(max(1 - dx * dx - dy * dy, 0.0))
                lit = light_reaching(
                    eyes[side, 3] + 0.16 * dx, eyes[side, 4] + 0.16 * dy,
                    eyes[side, 5] + 0.16 * dz + 0.03, light_frame, shadow,
                )  # fmt: skip
                lid = _step(-0.1, 0.62, -dy * 0.75 + 0.32)
                _eye(
                    pixel, dx, dy, dz, eye_frames[side], iris, iris_size, light,
                    lit * (0.45 + 0.55 * lid), 0.35 + 0.5 * lid, iris_size * 60 + iris[0] * 99,
                )  # fmt: skip
                for c in range(3):
                    image[y, x, c] = pixel[c]
                continue
            a, b, c_ = triangles[face]
            w_a = weights[y, x, 0]
            w_b = weights[y, x, 1]
            w_c = 1 - w_a - w_b
            for c in range(3):
                normal[c] = w_a * normals[a, c] + w_b * normals[b, c] + w_c * normals[c_, c]
                place[c] = w_a * position[a, c] + w_b * position[b, c] + w_c * position[c_, c]
            free = w_a * occlusion[a] + w_b * occlusion[b] + w_c * occlusion[c_]
            vz = camera - place[2]
            length = math.sqrt(place[0] ** 2 + place[1] ** 2 + vz**2)
            view[0] = -place[0] / length
            view[1] = -place[1] / length
            view[2] = vz / length
            lit = w_a * lit_vertices[a] + w_b * lit_vertices[b] + w_c * lit_vertices[c_]
            lit = min(max(lit, 0.0), 1.0)
            free = min(max(free, 0.0), 1.0)
            part = parts[face]
            gloss = 1.0
            wrap = 0.42
            power = 26.0
            if part == 0:
                mouth = w_a * inside_mouth[a] + w_b * inside_mouth[b] + w_c * inside_mouth[c_]
                u = w_a * texels[a, 0] + w_b * texels[b, 0] + w_c * texels[c_, 0]
                v = w_a * texels[a, 1] + w_b * texels[b, 1] + w_c * texels[c_, 1]
                _sample(layers, u, v, sample)
                _sample(slopes, u, v, slope)
                gloss = sample[3]
                # The relief tilts the normal along texture space: x around, y down the head.
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
                for c in range(3):
                    lining = 0.16 if c == 0 else (0.028 if c == 1 else 0.024)
                    albedo[c] = sample[c] * (1 - mouth) + lining * mouth
                free = free * (1 - mouth) + 0.35 * mouth
            elif part == 3:
                albedo[0], albedo[1], albedo[2] = 0.3, 0.07, 0.06
                free = 0.3
                lit *= 0.5
            else:
                for c in range(3):
                    albedo[c] = teeth[c]
                free = 0.45
                lit = 0.2 + 0.5 * lit
                gloss = 2.0
                wrap = 0.2
            size = math.sqrt(normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2) + 1e-9
            for c in range(3):
                normal[c] /= size
            if normal[2] < -0.3 and part == 0:
                free *= 0.3
            open_sky = min(1.0, 0.22 + 1.15 * free)
            _surface(pixel, albedo, gloss, wrap, normal, view, open_sky, lit, light, power)
            for c in range(3):
                image[y, x, c] = pixel[c]


@njit(cache=True, nogil=True)
@no_type_check
def shade_strands(points, colors, depths, camera, light, light_frame, shadow, out):
    """Light the points of strands: `points` in the camera's axes, `out` linear RGB."""
    count, steps, _ = points.shape
    for strand in range(count):
        for k in range(steps):
            first = min(k, steps - 2)
            tx = points[strand, first + 1, 0] - points[strand, first, 0]
            ty = points[strand, first + 1, 1] - points[strand, first, 1]
            tz = points[strand, first + 1, 2] - points[strand, first, 2]
            length = math.sqrt(tx * tx + ty * ty + tz * tz) + 1e-9
            tx, ty, tz = tx / length, ty / length, tz / length
            x, y, z = points[strand, k]
            lit = _quick_light(x, y, z, light_frame, shadow)
            toward = tx * light[0, 0] + ty * light[0, 1] + tz * light[0, 2]
            vz = camera - z
            distance = math.sqrt(x * x + y * y + vz * vz)
            seen = (-tx * x - ty * y + tz * vz) / distance
            sin_light = math.sqrt(max(1 - toward * toward, 0.0))
            sin_view = math.sqrt(max(1 - seen * seen, 0.0))
            cosine = max(sin_light * sin_view - toward * seen, 0.0)
            lobe = cosine**40
            broad = cosine**10
            layer = 0.3 + 0.7 * depths[strand]
            root = 0.7 + 0.3 * min(1.0, 3.0 * k / steps)
            for c in range(3):
                color = colors[strand, c]
                value = color * (light[3, c] * 0.75 * sin_light * lit + 0.3 * light[4, c])
                value += color * 0.8 * (0.6 * light[6, c] + 0.4 * light[7, c])
                value += lit * light[3, c] * (0.035 * lobe + 0.25 * color * broad)
                value += light[5, c] * color * 0.5
                out[strand, k, c] = value * layer * root
