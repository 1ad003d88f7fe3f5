"""What is computed once from the base mesh: texture space and ambient occlusion."""

from pathlib import Path

import numpy as np
from jaxtyping import Float, Int, UInt8

from idfsr.synthref.kernels import BACKGROUND, raster_triangles
from idfsr.synthref.sources import read_mask

AXIS_DEPTH = 0.45
"""Depth z of the upright axis around which texture space is wound."""
MAX_ANGLE = 2.1
"""Texture space ends at this angle from the front, radians."""
LOW, HIGH = 5.6, 8.6
"""Heights where texture space ends."""
TEXELS_PER_UNIT = 160
TEXTURE_HEIGHT = round((HIGH - LOW) * TEXELS_PER_UNIT)
TEXTURE_WIDTH = round(2 * MAX_ANGLE * TEXELS_PER_UNIT)
FRONT_SCALE = 100
"""Points of `front_angle` per unit; it spans |x| <= 1 and the heights of texture space."""

NUM_DIRECTIONS = 96
OCCLUSION_SIZE = 220
OCCLUSION_BIAS = 0.03


def texture_coordinates(rest: Float[np.ndarray, "*N 3"]) -> Float[np.ndarray, "*N 2"]:
    """Return (x, y) in texels of rest positions, on a cylinder around the head."""
    angle = np.arctan2(rest[..., 0], rest[..., 2] - AXIS_DEPTH)
    u = (angle + MAX_ANGLE) * TEXELS_PER_UNIT
    v = (HIGH - rest[..., 1]) * TEXELS_PER_UNIT
    return np.stack([u, v], axis=-1).astype(np.float32)


def _raster(
    points: np.ndarray, triangles: np.ndarray, height: int, width: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    depth = np.full((height, width), -np.inf, np.float32)
    face_ids = np.full((height, width), BACKGROUND, np.int32)
    weights = np.zeros((height, width, 2), np.float32)
    raster_triangles(np.ascontiguousarray(points, np.float32), triangles, depth, face_ids, weights)
    return depth, face_ids, weights


def _gather(
    values: np.ndarray, triangles: np.ndarray, face_ids: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    full = np.concatenate([weights, 1 - weights.sum(axis=-1, keepdims=True)], axis=-1)
    corners = values[triangles[np.maximum(face_ids, 0)]]
    return np.asarray((corners * full[..., None]).sum(axis=-2), np.float32)


def bake_texture_maps(
    data_dir: Path,
    rest: Float[np.ndarray, "N 3"],
    triangles: Int[np.ndarray, "F 3"],
    texture_uv: Float[np.ndarray, "N 2"],
) -> tuple[Float[np.ndarray, "H W 3"], UInt8[np.ndarray, "H W 3"], Float[np.ndarray, "h w"]]:
    """Draw the head into texture space.

    Returns:
        Rest position of each texel, masks of lips, eyelids and ears, and the angle around the
        axis of the front surface over (y, x).
    """
    radius = np.hypot(rest[:, 0], rest[:, 2] - AXIS_DEPTH)
    flat = np.column_stack([texture_coordinates(rest), radius])
    around = np.arctan2(rest[:, 0], rest[:, 2] - AXIS_DEPTH)[triangles]
    seamless = triangles[np.ptp(around, axis=1) < 1]
    _, face_ids, weights = _raster(flat, seamless, TEXTURE_HEIGHT, TEXTURE_WIDTH)
    texture_rest = _gather(rest, seamless, face_ids, weights)
    texture_rest[face_ids == BACKGROUND] = (0, 0, -1)
    uv = _gather(texture_uv, seamless, face_ids, weights).reshape(-1, 2)
    masks = [read_mask(data_dir, name, uv) for name in ("lips", "eyelids", "ears")]
    packed = (np.stack(masks, axis=-1) * 255).astype(np.uint8)
    packed[(face_ids == BACKGROUND).ravel()] = 0
    front = np.column_stack(
        [(rest[:, 0] + 1) * FRONT_SCALE, (HIGH - rest[:, 1]) * FRONT_SCALE, rest[:, 2]]
    )
    size = (round((HIGH - LOW) * FRONT_SCALE), 2 * FRONT_SCALE)
    depth, face_ids, _ = _raster(front, triangles, *size)
    x = (np.arange(size[1]) + 0.5) / FRONT_SCALE - 1
    depth[face_ids == BACKGROUND] = AXIS_DEPTH
    angle = np.arctan2(np.broadcast_to(x, size), depth - AXIS_DEPTH).astype(np.float32)
    shape = (TEXTURE_HEIGHT, TEXTURE_WIDTH, 3)
    return texture_rest, packed.reshape(shape), angle


def bake_occlusion(
    rest: Float[np.ndarray, "N 3"],
    normals: Float[np.ndarray, "N 3"],
    triangles: Int[np.ndarray, "F 3"],
) -> Float[np.ndarray, " N"]:
    """Measure how much of the sky each vertex sees, weighted by the cosine.

    The head is drawn from many directions, spread evenly (Fibonacci sphere); a vertex sees a
    direction if nothing is in front of it there.
    """
    index = np.arange(NUM_DIRECTIONS) + 0.5
    height = 1 - 2 * index / NUM_DIRECTIONS
    turn = np.pi * (1 + 5**0.5) * index
    ring = np.sqrt(1 - height**2)
    directions = np.column_stack([ring * np.cos(turn), height, ring * np.sin(turn)])
    seen, total = np.zeros(len(rest)), np.full(len(rest), 1e-9)
    for direction in directions:
        side = np.cross(direction, (0, 1, 0.01))
        side /= np.linalg.norm(side)
        frame = np.stack([side, np.cross(direction, side), direction])
        points = (rest - rest.mean(axis=0)) @ frame.T
        spread = np.abs(points[:, :2]).max() * 1.01
        points[:, :2] = (points[:, :2] / spread + 1) * OCCLUSION_SIZE / 2
        depth, _, _ = _raster(points, triangles, OCCLUSION_SIZE, OCCLUSION_SIZE)
        x, y = points[:, 0].astype(int), points[:, 1].astype(int)
        cosine = np.maximum(normals @ direction, 0)
        seen += cosine * (points[:, 2] > depth[y, x] - OCCLUSION_BIAS)
        total += cosine
    return np.asarray(seen / total, np.float32)
