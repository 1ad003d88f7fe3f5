"""Hair as strands: where they grow, how they fall, and what keeps them off the head and face."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float
from scipy.spatial import cKDTree

from idfsr.data.synthref.bake import AXIS_DEPTH
from idfsr.data.synthref.color import to_linear
from idfsr.data.synthref.facial_hair import beard_mask
from idfsr.data.synthref.hairstyles import Hair
from idfsr.data.synthref.identity import Identity
from idfsr.data.synthref.kernels import vertex_normals
from idfsr.data.synthref.mesh import HeadModel
from idfsr.data.synthref.texture import smooth_step

NUM_STRANDS = 7000
NUM_BEARD_STRANDS = 2600
NUM_POINTS = 13
NUM_CLUMPS = 260
CENTRE = np.array([0.0, 7.45, 0.45])
"""Middle of the head at rest, from which the shape of the head is measured."""
LIPS_HEIGHT = 6.6
"""Above, a beard is a moustache, which is shorter so that the mouth stays free."""
SHOULDERS = 6.05
"""Below, hair may sink into the body."""
GRID = (48, 96)
"""Cells of the head's shape over height angle and turn."""

HAIRLINE_ANGLES = (0.0, 0.35, 0.6, 0.78, 0.95, 1.12, 1.25, 1.4, 1.75, 2.0, 2.4, 3.2)
HAIRLINE_HEIGHTS = (8.03, 8.04, 8.0, 7.85, 7.62, 7.4, 7.34, 7.46, 7.38, 7.05, 6.85, 6.8)


@dataclass(frozen=True)
class Strands:
    """Strands of a person in the coordinates of the neutral head."""

    points: Float[np.ndarray, "S K 3"]
    widths: Float[np.ndarray, " S"]
    colors: Float[np.ndarray, "S 3"]
    """Linear light."""
    depths: Float[np.ndarray, " S"]
    """0 next to the scalp, 1 at the outside: what lies deep gets less light."""


def scalp_mask(
    rest: Float[np.ndarray, "*N 3"], hair: Hair, rng: np.random.Generator
) -> Float[np.ndarray, "*N"]:
    """Return where hair grows, in [0, 1], over rest positions."""
    x, y, z = rest[..., 0], rest[..., 1], rest[..., 2]
    angle = np.arctan2(np.abs(x), z - AXIS_DEPTH)
    line = np.interp(angle, HAIRLINE_ANGLES, HAIRLINE_HEIGHTS)
    front = smooth_step(1.0, 0.7, angle)
    temple = np.exp(-(((angle - 0.48) / 0.24) ** 2))
    line = line + front * hair.hairline + temple * 0.36 * hair.recession
    line = (
        line
        + 0.018 * np.sin(31 * angle + 40 * hair.hairline)
        + 0.012 * rng.standard_normal(x.shape)
    )
    mask = smooth_step(-0.03, 0.05, y - line)
    top = smooth_step(8.0, 8.3, y) * smooth_step(-0.2, 0.3, z)
    return np.asarray(mask * (1 - 0.93 * hair.crown * top), np.float32)


class HeadShape:
    """Distance of the skin from the middle of the head, by direction."""

    def __init__(self, vertices: Float[np.ndarray, "N 3"], centre: Float[np.ndarray, "3"]) -> None:
        """Measure a head.

        Args:
            vertices: Of the skin.
            centre: Of the head.
        """
        self.centre = centre
        grid = np.zeros(GRID, np.float32)
        cell = self._cells(vertices - centre)
        radius = np.linalg.norm(vertices - centre, axis=1)
        np.maximum.at(grid, (cell[:, 0].astype(int), cell[:, 1].astype(int)), radius)
        while (grid == 0).any():
            grid = np.where(grid == 0, cv2.dilate(grid, np.ones((3, 3), np.uint8)), grid)
        wrapped = np.concatenate([grid[:, -4:], grid, grid[:, :4]], axis=1)
        self.radius = cv2.GaussianBlur(wrapped, (0, 0), 0.8)[:, 4:-4]

    @staticmethod
    def _cells(offset: np.ndarray) -> np.ndarray:
        length = np.linalg.norm(offset, axis=-1) + 1e-9
        rise = np.arccos(np.clip(offset[..., 1] / length, -1, 1)) / np.pi
        turn = np.arctan2(offset[..., 0], offset[..., 2]) / (2 * np.pi) + 0.5
        rows = np.clip(rise * GRID[0], 0, GRID[0] - 1.001)
        return np.stack([rows, np.clip(turn * GRID[1], 0, GRID[1] - 1.001)], axis=-1)

    def push_out(
        self, points: Float[np.ndarray, "*N 3"], gap: Float[np.ndarray, "*N"]
    ) -> Float[np.ndarray, "*N 3"]:
        """Move points that are nearer to the skin than `gap` away from the middle."""
        offset = points - self.centre
        length = np.linalg.norm(offset, axis=-1) + 1e-9
        cells = self._cells(offset) - 0.5
        rows, columns = cells[..., 0].ravel(), cells[..., 1].ravel()
        radius = cv2.remap(
            self.radius, columns.astype(np.float32), rows.astype(np.float32), cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ).reshape(length.shape)  # fmt: skip
        scale = np.maximum(1, (radius + gap) / length)
        return np.asarray(self.centre + offset * scale[..., None])


def _unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + 1e-9))


def _sample_roots(
    rng: np.random.Generator, head: HeadModel, mask: np.ndarray, vertices: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw roots over the skin in proportion to `mask`: position, normal, rest position."""
    corners = head.triangles[head.parts == 0]
    sides = vertices[corners]
    area = np.linalg.norm(np.cross(sides[:, 1] - sides[:, 0], sides[:, 2] - sides[:, 0]), axis=1)
    chance = area * mask[corners].mean(axis=1)
    chance[mask[corners].min(axis=1) <= 0] = 0
    chosen = rng.choice(len(corners), count, p=chance / chance.sum())
    weights = rng.dirichlet([1, 1, 1], count)[..., None]
    normals = vertex_normals(vertices.astype(np.float32), head.triangles)
    picked = corners[chosen]
    blended = ((values[picked] * weights).sum(axis=1) for values in (vertices, normals, head.rest))
    position, normal, rest = blended
    return position, _unit(normal), rest


def _comb(hair: Hair, rest: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the direction in which hair is combed, and the length of each strand."""
    count = len(rest)
    x, y, z = rest.T
    angle = np.arctan2(np.abs(x), z - AXIS_DEPTH)
    away = np.tanh((x - hair.part) * 8)
    on_top = smooth_step(7.75, 8.1, y)
    down = np.array([0.0, -1.0, 0.0])
    sides = np.stack([np.sign(x) * 0.1, np.full(count, -1.0), np.full(count, -0.35)], axis=1)
    length = np.full(count, hair.length)
    front = smooth_step(0.75, 0.5, angle) * smooth_step(0.25, 0.6, z)
    fringe = rng.random(count) < hair.fringe * front
    if hair.style in {"slick", "bun"}:
        length = length * np.where(y < 7.35, 0.3, 1.0)  # noqa: PLR2004 (the nape is short)
        goal = np.array([0.0, 7.75, -0.75]) if hair.style == "bun" else np.array([0, 7.4, -1.6])
        return _unit(goal - rest), length
    if hair.style in {"afro", "buzz"}:
        return np.tile(down * 0.1, (count, 1)), length
    if hair.style in {"crop", "side"}:
        sweep = 0.9 if hair.style == "side" else 0.35
        forward = 0.8 if hair.style == "crop" else 0.35
        top = np.stack([sweep * away, np.full(count, 0.05), np.full(count, forward)], axis=1)
        length = length * np.where(y > 7.85, 1.0, 0.32)  # noqa: PLR2004 (short at the sides)
    else:
        top = np.stack([away, np.full(count, -0.15), np.full(count, -0.25)], axis=1)
    combed = on_top[:, None] * top + (1 - on_top)[:, None] * sides
    falls = np.stack([0.25 * away + 0.1 * x, np.full(count, -0.5), np.full(count, 1.0)], axis=1)
    combed = np.where(fringe[:, None], falls, combed)
    reach = 0.5 + 0.42 * (y - 7.95) + hair.hairline + rng.normal(0, 0.02, count)
    length = np.where(fringe, np.minimum(length, np.maximum(reach, 0.15)), length)
    return _unit(combed), length * rng.uniform(0.85, 1.0, count)


FALL: dict[str, float] = {
    "afro": 0.0, "buzz": 0.0, "crop": 0.15, "side": 0.3, "slick": 0.12, "bun": 0.0,
    "curly": 0.7, "long": 1.2, "bob": 1.0, "fringe": 1.2,
}  # fmt: skip
"""How strongly hair of a style falls."""

LIFT: dict[str, float] = {
    "afro": 3.0, "buzz": 2.5, "crop": 0.9, "side": 0.7, "slick": 0.35, "bun": 0.05,
    "curly": 1.1, "long": 0.45, "bob": 0.5, "fringe": 0.4,
}  # fmt: skip
"""How strongly it stands up at the root."""


def _keep_off_face(points: np.ndarray, allowed: np.ndarray, scale: float) -> np.ndarray:
    """Push strands that may not cover the face to its sides, like a curtain."""
    x, y, z = points[:, 0], points[:, 1] - CENTRE[1], points[:, 2]
    half = scale * np.interp(y, [-1.2, -0.6, 0.0, 0.35, 0.5], [0.5, 0.62, 0.64, 0.5, 0.0])
    inside = (np.abs(x) < half) & (z > 0.75) & ~allowed  # noqa: PLR2004 (in front of the ears)
    points[inside, 0] = np.sign(x[inside] + 1e-6) * half[inside]
    return points


def _grow(
    rng: np.random.Generator, hair: Hair, shape: HeadShape, roots: tuple[np.ndarray, ...]
) -> tuple[np.ndarray, np.ndarray]:
    position, normal, rest = roots
    comb, length = _comb(hair, rest, rng)
    depth = np.sqrt(rng.random(len(rest)))
    gap = 0.012 + hair.volume * depth
    step = length / (NUM_POINTS - 1)
    fringe = (comb[:, 2] > 0.5) & (rest[:, 2] > 0.25)  # noqa: PLR2004 (combed to the front)
    free = hair.style in {"afro", "buzz", "slick", "bun", "crop"}
    allowed = np.ones(len(rest), dtype=bool) if free else fringe
    scale = 1.0 - 0.12 * rng.random(len(rest))
    combed = hair.style not in {"afro", "buzz"}
    direction = _unit(comb + LIFT[hair.style] * normal + rng.normal(0, 0.1, comb.shape))
    points = [position + 0.004 * normal]
    for k in range(1, NUM_POINTS):
        t = k / (NUM_POINTS - 1)
        pull = np.array([0, -FALL[hair.style] * min(1.0, 1.8 * t), 0])
        follow = comb * (0.55 * max(0.0, 1 - 1.6 * t)) if combed else 0.0
        direction = _unit(direction + follow + pull + rng.normal(0, 0.03, comb.shape))
        moved = points[-1] + direction * step[:, None]
        out = shape.push_out(moved, gap * min(1.0, 3.0 * t))
        out = _keep_off_face(out, allowed, float(scale.mean()))
        direction = _unit(out - points[-1])
        points.append(points[-1] + direction * step[:, None])
        points[-1] = shape.push_out(points[-1], gap * min(1.0, 3.0 * t))
    return np.stack(points, axis=1), depth


def _clump(rng: np.random.Generator, hair: Hair, points: np.ndarray) -> np.ndarray:
    """Draw strands together into locks, and curl the locks."""
    guides = rng.choice(len(points), NUM_CLUMPS, replace=False)
    early = points[:, [0, 4]].reshape(len(points), 6)  # neighbours that also go the same way
    _, nearest = cKDTree(early[guides]).query(early)
    t = np.linspace(0, 1, NUM_POINTS)[None, :, None]
    lock = points[guides[nearest]]
    strength = 0.4 if hair.style not in {"buzz", "slick", "bun"} else 0.15
    points = points + strength * t * (lock - points)
    if hair.curl > 0:
        own = 0.35 if hair.style == "afro" else 0.12
        phase = rng.uniform(0, 2 * np.pi, NUM_CLUMPS)[nearest] + own * rng.normal(0, 2, len(points))
        tight = hair.curl > 0.04  # noqa: PLR2004 (wavy hair has less)
        turns = rng.uniform(0.8, 1.2, NUM_CLUMPS)[nearest] * (5 if tight else 2.5)
        angle = phase[:, None] + turns[:, None] * t[..., 0] * max(hair.length, 0.6) * 2.2
        swing = np.stack([np.cos(angle), 0.4 * np.sin(2 * angle), np.sin(angle)], axis=-1)
        points = points + hair.curl * np.minimum(1, 2.5 * t) * swing
    return points


def _colors(rng: np.random.Generator, color: np.ndarray, grey: float, count: int) -> np.ndarray:
    base = to_linear(color)
    share = np.clip(grey * rng.uniform(0.6, 1.3, (count, 1)), 0, 1)
    mixed = base * (1 - share) + to_linear(np.array([186.0, 184.0, 180.0])) * share
    spread = rng.lognormal(0, 0.22, (count, 1)) * (1 + 0.05 * rng.normal(0, 1, (count, 3)))
    colors = mixed * spread
    return np.asarray(np.clip(colors, 0.002, 0.9))


def _bun(rng: np.random.Generator, hair: Hair, centre: np.ndarray) -> np.ndarray:
    """Wind strands around a ball at the back of the head."""
    count, radius = NUM_STRANDS // 6, rng.uniform(0.2, 0.34)
    start = _unit(rng.normal(0, 1, (count, 3)))
    axis = _unit(np.cross(start, rng.normal(0, 1, (count, 3))))
    angle = np.linspace(0, 1.6, NUM_POINTS)[None, :, None]
    ring = start[:, None] * np.cos(angle) + np.cross(axis, start)[:, None] * np.sin(angle)
    middle = centre + np.array([0.0, rng.uniform(0.55, 1.05), -0.85])
    assert hair.length > 0
    return np.asarray(middle + radius * rng.uniform(0.85, 1.0, (count, 1, 1)) * ring)


def grow_hair(head: HeadModel, person: Identity, vertices: Float[np.ndarray, "N 3"]) -> Strands:
    """Grow the hair and the beard of a person.

    Args:
        head: The mesh.
        person: Whose hair.
        vertices: The person's neutral head after subdivision.
    """
    rng = np.random.default_rng([person.seed, 2])
    hair = person.hair
    pieces: list[tuple[np.ndarray, np.ndarray, float]] = []
    num_beard = 0
    skin = np.unique(head.triangles[head.parts == 0])
    centre = CENTRE + (vertices - head.rest)[skin].mean(axis=0)
    if hair.style != "bald":
        mask = scalp_mask(head.rest, hair, rng)
        mask = mask * (head.rest[:, 1] > 6.6)  # noqa: PLR2004 (above the nape)
        roots = _sample_roots(rng, head, mask, vertices, NUM_STRANDS)
        points, depth = _grow(
            rng, hair, HeadShape(vertices[skin[head.rest[skin, 1] > SHOULDERS]], centre), roots
        )
        pieces.append((_clump(rng, hair, points), depth, 0.0105))
        if hair.style == "bun":
            ball = _bun(rng, hair, centre)
            pieces.append((ball, np.sqrt(rng.random(len(ball))), 0.0105))
    if person.beard > 0.02:  # noqa: PLR2004 (shorter is painted)
        mask = beard_mask(head.rest, person.beard_shape, 0.0) * (1 - head.inside_mouth)
        position, normal, rest = _sample_roots(rng, head, mask, vertices, NUM_BEARD_STRANDS)
        lean = normal * 0.5 + np.array([0, -1.0, 0.25]) + rng.normal(0, 0.35, rest.shape)
        steps = np.linspace(0, 1, NUM_POINTS)[None, :, None]
        length = person.beard * np.where(rest[:, 1] > LIPS_HEIGHT, 0.4, 1.0)
        points = position[:, None] + length[:, None, None] * steps * _unit(lean)[:, None]
        pieces.append((points, rng.uniform(0.3, 1.0, len(rest)), 0.007))
        num_beard = len(points)
    if not pieces:
        return Strands(np.zeros((0, NUM_POINTS, 3)), np.zeros(0), np.zeros((0, 3)), np.zeros(0))
    points = np.concatenate([piece[0] for piece in pieces])
    widths = np.concatenate([np.full(len(piece[0]), piece[2]) for piece in pieces])
    depths = np.concatenate([piece[1] for piece in pieces])
    colors = [
        _colors(rng, hair.color, hair.grey, len(points) - num_beard),
        _colors(rng, hair.natural, hair.grey, num_beard),
    ]
    return Strands(points, widths, np.concatenate(colors), depths)
