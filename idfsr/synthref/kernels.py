"""Compiled loops over triangles and pixels: z-buffer, normals, ribbons.

Convention: screen points are (x, y, depth) in pixels, (0, 0) at the corner of the image, y down;
depth grows towards the viewer. A buffer holds the nearest depth so far, minus infinity where
nothing was drawn.
"""

import math
from typing import no_type_check

import numpy as np
from jaxtyping import Float32, Float64, Int32, Int64
from numba import njit

BACKGROUND = -1
"""Face number of pixels that no triangle covers."""
EDGE_TOLERANCE = 1e-5
"""By how much a barycentric weight may be negative, so that triangles leave no gaps."""
SHORTEST = 1e-3
"""Pieces of strands that are shorter, in pixels, are not drawn."""
NEARLY_OPAQUE = 0.5
"""Strands that cover more of a pixel hide what is drawn later behind them."""


@njit(cache=True, nogil=True)
@no_type_check  # the runtime shape checks cannot wrap what numba compiles
def raster_triangles(
    points: Float32[np.ndarray, "N 3"],
    faces: Int32[np.ndarray, "F 3"],
    depth: Float32[np.ndarray, "H W"],
    face_ids: Int32[np.ndarray, "H W"],
    weights: Float32[np.ndarray, "H W 2"],
) -> None:
    """Draw the triangles that face the viewer, with their numbers, into the z-buffer.

    Args:
        points: On the screen.
        faces: Corners.
        depth: The z-buffer.
        face_ids: Gets the number of the nearest triangle.
        weights: Gets the barycentric weights of its first two corners.
    """
    height, width = depth.shape
    for face in range(faces.shape[0]):
        ax, ay, az = points[faces[face, 0]]
        bx, by, bz = points[faces[face, 1]]
        cx, cy, cz = points[faces[face, 2]]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area >= 0:  # seen from behind, as y points down
            continue
        x_min = max(math.floor(min(ax, bx, cx)), 0)
        x_max = min(math.ceil(max(ax, bx, cx)), width - 1)
        y_min = max(math.floor(min(ay, by, cy)), 0)
        y_max = min(math.ceil(max(ay, by, cy)), height - 1)
        inverse = 1.0 / area
        for y in range(y_min, y_max + 1):
            for x in range(x_min, x_max + 1):
                px = x + 0.5
                py = y + 0.5
                w_b = ((px - ax) * (cy - ay) - (py - ay) * (cx - ax)) * inverse
                w_c = ((bx - ax) * (py - ay) - (by - ay) * (px - ax)) * inverse
                w_a = 1.0 - w_b - w_c
                if min(w_a, w_b, w_c) < -EDGE_TOLERANCE:
                    continue
                z = w_a * az + w_b * bz + w_c * cz
                if z > depth[y, x]:
                    depth[y, x] = z
                    face_ids[y, x] = face
                    weights[y, x, 0] = w_a
                    weights[y, x, 1] = w_b


@njit(cache=True, nogil=True)
@no_type_check
def raster_sphere(
    centre: Float32[np.ndarray, "3"],
    radius: float,
    face_id: int,
    depth: Float32[np.ndarray, "H W"],
    face_ids: Int32[np.ndarray, "H W"],
) -> None:
    """Draw the front of a sphere into the z-buffer; its pixels get `face_id`."""
    height, width = depth.shape
    x_min = max(int(centre[0] - radius), 0)
    x_max = min(int(centre[0] + radius) + 1, width - 1)
    y_min = max(int(centre[1] - radius), 0)
    y_max = min(int(centre[1] + radius) + 1, height - 1)
    for y in range(y_min, y_max + 1):
        for x in range(x_min, x_max + 1):
            dx = x + 0.5 - centre[0]
            dy = y + 0.5 - centre[1]
            squared = radius * radius - dx * dx - dy * dy
            if squared > 0:
                z = centre[2] + math.sqrt(squared)
                if z > depth[y, x]:
                    depth[y, x] = z
                    face_ids[y, x] = face_id


@njit(cache=True, nogil=True)
@no_type_check
def vertex_normals(
    vertices: Float32[np.ndarray, "N 3"], faces: Int32[np.ndarray, "F 3"]
) -> Float32[np.ndarray, "N 3"]:
    """Sum the area-weighted normals of the faces around each vertex, to unit length."""
    normals = np.zeros_like(vertices)
    for face in range(faces.shape[0]):
        a, b, c = faces[face]
        ux = vertices[b, 0] - vertices[a, 0]
        uy = vertices[b, 1] - vertices[a, 1]
        uz = vertices[b, 2] - vertices[a, 2]
        vx = vertices[c, 0] - vertices[a, 0]
        vy = vertices[c, 1] - vertices[a, 1]
        vz = vertices[c, 2] - vertices[a, 2]
        nx = uy * vz - uz * vy
        ny = uz * vx - ux * vz
        nz = ux * vy - uy * vx
        for corner in range(3):
            vertex = faces[face, corner]
            normals[vertex, 0] += nx
            normals[vertex, 1] += ny
            normals[vertex, 2] += nz
    for vertex in range(normals.shape[0]):
        length = math.sqrt(
            normals[vertex, 0] ** 2 + normals[vertex, 1] ** 2 + normals[vertex, 2] ** 2
        )
        normals[vertex] /= length + 1e-12
    return normals


@njit(cache=True, nogil=True)
@no_type_check
def raster_ribbons(
    points: Float32[np.ndarray, "S K 3"], width: float, depth: Float32[np.ndarray, "H W"]
) -> None:
    """Draw strands as ribbons of one width into a z-buffer.

    Args:
        points: On the screen.
        width: In pixels.
        depth: The z-buffer.
    """
    height, columns = depth.shape
    for strand in range(points.shape[0]):
        for k in range(points.shape[1] - 1):
            ax, ay, az = points[strand, k]
            bx, by, bz = points[strand, k + 1]
            dx = bx - ax
            dy = by - ay
            steep = abs(dy) >= abs(dx)
            major = dy if steep else dx
            if abs(major) < SHORTEST:
                continue
            half = 0.5 * width * math.sqrt(dx * dx + dy * dy) / abs(major)
            start = ay if steep else ax
            side_limit = columns if steep else height
            low = max(math.floor(min(start, start + major)), 0)
            high = min(math.floor(max(start, start + major)), (height if steep else columns) - 1)
            for line in range(low, high + 1):
                along = min(max((line + 0.5 - start) / major, 0.0), 1.0)
                middle = (ax + along * dx) if steep else (ay + along * dy)
                z = az + along * (bz - az)
                first = max(math.ceil(middle - half - 0.5), 0)
                last = min(math.floor(middle + half - 0.5), side_limit - 1)
                for place in range(first, last + 1):
                    y = line if steep else place
                    x = place if steep else line
                    depth[y, x] = max(depth[y, x], z)


@njit(cache=True, nogil=True)
@no_type_check
def _hidden(x: float, y: float, z: float, depth: Float32[np.ndarray, "H W"]) -> bool:
    """Tell whether a point, or the border's pixel nearest to it, lies behind the z-buffer."""
    row = min(max(int(y), 0), depth.shape[0] - 1)
    return z <= depth[row, min(max(int(x), 0), depth.shape[1] - 1)]


@njit(cache=True, nogil=True)
@no_type_check
def _blend(
    image: Float32[np.ndarray, "H W 4"],
    y: int,
    x: int,
    share: float,
    weight: float,
    color: Float64[np.ndarray, "4"],
) -> None:
    """Cover a share of a pixel with a colour times `weight`."""
    keep = 1.0 - share
    image[y, x, 0] = keep * image[y, x, 0] + weight * color[0]
    image[y, x, 1] = keep * image[y, x, 1] + weight * color[1]
    image[y, x, 2] = keep * image[y, x, 2] + weight * color[2]
    image[y, x, 3] = keep * image[y, x, 3] + share


@njit(cache=True, nogil=True)
@no_type_check
def blend_ribbons(
    order: Int64[np.ndarray, " P"],
    points: Float32[np.ndarray, "S K 3"],
    widths: Float32[np.ndarray, "S K"],
    colors: Float32[np.ndarray, "S K 4"],
    depth: Float32[np.ndarray, "H W"],
    front: Float32[np.ndarray, "H W"],
    image: Float32[np.ndarray, "H W 4"],
) -> None:
    """Lay pieces of strands over an image; they cover pixels in part.

    Args:
        order: Numbers of pieces, strand * (K - 1) + piece, the farthest first.
        points: On the screen.
        widths: In pixels; below one, a strand covers pixels thinly.
        colors: RGB and opacity at each point.
        depth: The z-buffer that hides pieces.
        front: Another, which gets the depth of what is nearly opaque.
        image: Premultiplied RGB and cover.
    """
    height, columns = depth.shape
    pieces = points.shape[1] - 1
    color = np.empty(4)
    for number in order:
        strand = number // pieces
        k = number - strand * pieces
        ax, ay, az = points[strand, k]
        bx, by, bz = points[strand, k + 1]
        if max(ax, bx) < 0 or min(ax, bx) >= columns or max(ay, by) < 0 or min(ay, by) >= height:
            continue
        dx = bx - ax
        dy = by - ay
        steep = abs(dy) >= abs(dx)
        major = dy if steep else dx
        # Most pieces behind the head are hidden at both ends.
        hidden = _hidden(ax, ay, az, depth) and _hidden(bx, by, bz, depth)
        if hidden or abs(major) < SHORTEST:
            continue
        stretch = math.sqrt(dx * dx + dy * dy) / abs(major)
        start = ay if steep else ax
        side_limit = columns if steep else height
        low = max(math.floor(min(start, start + major)), 0)
        high = min(math.floor(max(start, start + major)), (height if steep else columns) - 1)
        # Where pieces meet, only solid ones may cover a line twice.
        solid = colors[strand, k, 3] >= 1.0 and colors[strand, k + 1, 3] >= 1.0
        for line in range(low, high + 1):
            along = (line + 0.5 - start) / major
            if not solid and (along < 0.0 or along >= 1.0):
                continue
            along = min(max(along, 0.0), 1.0)
            middle = (ax + along * dx) if steep else (ay + along * dy)
            half = widths[strand, k] + along * (widths[strand, k + 1] - widths[strand, k])
            half *= 0.5 * stretch
            z = az + along * (bz - az)
            for c in range(4):
                color[c] = colors[strand, k, c]
                color[c] += along * (colors[strand, k + 1, c] - color[c])
            first = max(math.floor(middle - half), 0)
            last = min(math.floor(middle + half), side_limit - 1)
            for place in range(first, last + 1):
                y = line if steep else place
                x = place if steep else line
                if z > depth[y, x]:
                    share = min(place + 1.0, middle + half) - max(place, middle - half)
                    # The sides of wide strands are darker, as those of a cylinder.
                    off = (place + 0.5 - middle) / max(half, 1.0)
                    shade = 1.0 - 0.35 * min(off * off, 1.0)
                    share = max(share, 0.0) * color[3]
                    _blend(image, y, x, share, share * shade, color)
                    if share > NEARLY_OPAQUE:
                        front[y, x] = max(front[y, x], z)
