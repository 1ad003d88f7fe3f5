"""Hair as strands: where they grow, how they fall, and what keeps them off the head and face."""

from dataclasses import dataclass, fields

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial import cKDTree

from idfsr.synthref.bake import AXIS_DEPTH
from idfsr.synthref.color import to_linear
from idfsr.synthref.facial_hair import beard_mask
from idfsr.synthref.hairstyles import Hair
from idfsr.synthref.identity import Identity
from idfsr.synthref.kernels import vertex_normals
from idfsr.synthref.mesh import HeadModel
from idfsr.synthref.texture import smooth_step

NUM_STRANDS = 10000
NUM_SHORT_STRANDS = 14000
"""Of styles that are cut short, which show more of the scalp."""
NUM_BEARD_STRANDS = 4200
NUM_POINTS = 13
NUM_CLUMPS = 420
SHORT = frozenset({"buzz", "crop", "afro"})
STRAND_WIDTH, BEARD_WIDTH = 0.0076, 0.006
SHORT_WIDTH = 0.8
"""Of strands of short styles, over the others'."""
TIP_OPACITY = 0.25
"""Of strands, over that at the root."""
OCCLUSION_CELL = 0.08
OCCLUSION_BLUR = 1.3
"""In cells."""
OCCLUSION_REACH = 0.1
"""How far above the skin hair is looked for."""
OCCLUSION_POWER = 2.2
FLYAWAY = 0.035
"""Share of strands that go their own way."""
WHITE = (214.0, 212.0, 206.0)
GREY = (140.0, 137.0, 132.0)
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
    opacities: Float[np.ndarray, "S K"]
    roots: Int[np.ndarray, " S"]
    """Vertex of the skin beside the root: a beard goes where the mouth goes."""


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
    mask = smooth_step(-0.05, 0.13, y - line)
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
        self,
        points: Float[np.ndarray, "*N 3"],
        gap: Float[np.ndarray, "*N"],
        slack: Float[np.ndarray, "*N"] | float = np.inf,
    ) -> Float[np.ndarray, "*N 3"]:
        """Move points that are nearer to the skin than `gap` away from the middle.

        Those above the middle that are farther by more than `slack` move back.
        """
        offset = points - self.centre
        length = np.linalg.norm(offset, axis=-1) + 1e-9
        cells = self._cells(offset) - 0.5
        rows, columns = cells[..., 0].ravel(), cells[..., 1].ravel()
        radius = cv2.remap(
            self.radius, columns.astype(np.float32), rows.astype(np.float32), cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ).reshape(length.shape)  # fmt: skip
        scale = np.maximum(1, (radius + gap) / length)
        slack = np.where(offset[..., 1] > 0, slack, np.inf)
        scale = np.minimum(scale, (radius + gap + slack) / length)
        return np.asarray(self.centre + offset * scale[..., None])


def _unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + 1e-9))


def _sample_roots(
    rng: np.random.Generator, head: HeadModel, mask: np.ndarray, vertices: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draw roots over the skin in proportion to `mask`.

    Returns:
        Position, normal, rest position, a vertex beside it and the mask there.
    """
    corners = head.triangles[head.parts == 0]
    sides = vertices[corners]
    area = np.linalg.norm(np.cross(sides[:, 1] - sides[:, 0], sides[:, 2] - sides[:, 0]), axis=1)
    chance = area * mask[corners].mean(axis=1)
    chosen = rng.choice(len(corners), count, p=chance / chance.sum())
    weights = rng.dirichlet([1, 1, 1], count)[..., None]
    normals = vertex_normals(vertices.astype(np.float32), head.triangles)
    picked = corners[chosen]
    blended = [(values[picked] * weights).sum(axis=1) for values in (vertices, normals, head.rest)]
    density = (mask[picked] * weights[..., 0]).sum(axis=1)
    return blended[0], _unit(blended[1]), blended[2], picked[:, 0], density


def _comb(hair: Hair, rest: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the direction in which hair is combed, and the length of each strand."""
    count = len(rest)
    x, y, z = rest.T
    angle = np.arctan2(np.abs(x), z - AXIS_DEPTH)
    away = np.tanh((x - hair.part) * 20)
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
    reach = 0.8 + 0.5 * (y - 7.95) + hair.hairline + rng.normal(0, 0.06, count)
    length = np.where(fringe, np.minimum(length, np.maximum(reach, 0.15)), length)
    return _unit(combed), length


FALL: dict[str, float] = {
    "afro": 0.0, "buzz": 0.0, "crop": 0.22, "side": 0.4, "slick": 0.12, "bun": 0.0,
    "curly": 0.7, "long": 1.2, "bob": 1.0, "fringe": 1.2,
}  # fmt: skip
"""How strongly hair of a style falls."""

LIFT: dict[str, float] = {
    "afro": 3.0, "buzz": 1.6, "crop": 0.6, "side": 0.5, "slick": 0.35, "bun": 0.05,
    "curly": 1.1, "long": 0.45, "bob": 0.5, "fringe": 0.4,
}  # fmt: skip
"""How strongly it stands up at the root."""


WILD_SLACK = 0.02
"""The same for strands that go their own way, lest they stand up as loops."""
INWARD = 0.22
"""Pull of long hair towards the neck at its tips, over its fall."""
CRIMP: dict[str, float] = {"afro": 1.1, "curly": 0.1}
"""How much strands of a style change direction from piece to piece; 0.03 for the others."""


SLACK: dict[str, float] = {
    "slick": 0.03, "bun": 0.01, "side": 0.12, "crop": 0.1, "afro": 0.015, "curly": 0.2,
    "long": 0.06, "bob": 0.06, "fringe": 0.06,
}  # fmt: skip
"""How far beyond its layer hair of a style may stand off; any distance for the others."""


FACE_HEIGHTS = (-1.2, -0.6, 0.0, 0.35, 0.5, 0.6)
FACE_WIDTHS = (0.5, 0.6, 0.62, 0.52, 0.34, 0.0)
"""Half of the width that hair leaves free, over the height above the middle of the head."""
STRAY_SCALE, STRAY_HEIGHT = 0.8, 0.25
"""Strands that lie before the face after all are left out: share of its width, height above the
middle of the head."""


def _before_face(
    points: Float[np.ndarray, "*N 3"], scale: Float[np.ndarray, "*N"] | float, lift: float
) -> tuple[Float[np.ndarray, "*N"], Bool[np.ndarray, "*N"]]:
    """Return half of the width that hair leaves free at each point, and whether it lies inside.

    Args:
        points: Of strands.
        scale: Of the width.
        lift: How much higher than usual the forehead ends.
    """
    x, y, z = points[..., 0], points[..., 1] - CENTRE[1] - lift, points[..., 2]
    half = scale * np.interp(y, FACE_HEIGHTS, FACE_WIDTHS)
    return half, (np.abs(x) < half) & (z > 0.75)  # noqa: PLR2004 (in front of the ears)


def _keep_off_face(
    points: np.ndarray, allowed: np.ndarray, scale: np.ndarray, lift: float
) -> np.ndarray:
    """Push strands that may not cover the face to its sides, each as far as its `scale`."""
    half, inside = _before_face(points, scale, lift)
    inside &= ~allowed
    x = points[:, 0]
    points[inside, 0] = np.sign(x[inside] + 1e-6) * half[inside]
    return points


def _forehead_lift(hair: Hair, position: np.ndarray, rest: np.ndarray) -> float:
    """Return how much higher than usual the forehead ends, from the roots of the hair."""
    front = (rest[:, 2] > 0.8) & (np.abs(rest[:, 0]) < 0.4)  # noqa: PLR2004 (above the forehead)
    moved = (position - rest)[front, 1]
    return hair.hairline + (float(np.median(moved)) if front.any() else 0.0)


def _locks(rng: np.random.Generator, rest: np.ndarray) -> np.ndarray:
    """Return the number of the lock that each root belongs to."""
    guides = rng.choice(len(rest), NUM_CLUMPS, replace=False)
    return np.asarray(cKDTree(rest[guides]).query(rest)[1])


def _grow(
    rng: np.random.Generator, hair: Hair, shape: HeadShape, roots: tuple[np.ndarray, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Let strands grow; returns their points, depths, and which of them may cover the face."""
    position, normal, rest = roots
    count = len(rest)
    comb, length = _comb(hair, rest, rng)
    lock = _locks(rng, rest)
    uneven = 1 - 0.14 * rng.random(NUM_CLUMPS)[lock] - 0.4 * rng.beta(1, 4, count)
    if hair.style == "afro":  # cut to one round shape
        uneven = 1 - 0.12 * rng.random(count)
    depth = np.sqrt(rng.random(count))
    wild = (rng.random(count) < FLYAWAY) & (rest[:, 2] < 0.9)  # noqa: PLR2004 (off the face)
    crimp = CRIMP.get(hair.style, 0.03)
    loose = np.where(wild, 0.1 + crimp, crimp)[:, None]
    gap = 0.012 + hair.volume * depth + np.where(wild, 0.04, 0.0)
    lumps = 0.05 if hair.style == "afro" else 0.25
    gap = gap * (1 + lumps * rng.normal(0, 1, NUM_CLUMPS)[lock]).clip(0.4, 1.6)
    step = length * uneven / (NUM_POINTS - 1)
    fringe = (comb[:, 2] > 0.5) & (rest[:, 2] > 0.25)  # noqa: PLR2004 (combed to the front)
    free = hair.style in {"afro", "buzz", "slick", "bun", "crop"}
    allowed = np.ones(count, dtype=bool) if free else fringe
    scale = 1.02 - 0.14 * rng.random(NUM_CLUMPS)[lock] - 0.1 * rng.beta(1, 3, count)
    combed = hair.style not in {"afro", "buzz"}
    direction = _unit(comb + LIFT[hair.style] * normal + rng.normal(0, 0.1, comb.shape))
    outward = np.stack([np.sign(rest[:, 0]), np.zeros(count), np.zeros(count)], axis=1)
    lift = _forehead_lift(hair, position, rest)
    slack = np.where(wild, WILD_SLACK, SLACK.get(hair.style, np.inf))
    ends = outward * (rng.normal(-0.25, 0.25) + rng.normal(0, 0.12, (count, 1)))
    sway = rng.normal(0, 0.05, (NUM_CLUMPS, 2, 3))[lock]
    points = [position + 0.004 * normal]
    for k in range(1, NUM_POINTS):
        t = k / (NUM_POINTS - 1)
        pull = np.array([0, -FALL[hair.style] * min(1.0, 1.8 * t), 0])
        if FALL[hair.style] >= 1:  # long hair: below the ears towards the neck
            pull = pull + 0.6 * ends * max(0.0, t - 0.6) - INWARD * t * outward
        follow = comb * (0.55 * max(0.0, 1 - 1.6 * t)) if combed else 0.0
        swing = sway[:, 0] * np.sin(5 * t) + sway[:, 1] * np.sin(11 * t)
        noise = loose * rng.normal(0, 1, comb.shape)
        direction = _unit(direction + follow + pull + swing + noise)
        moved = points[-1] + direction * step[:, None]
        out = shape.push_out(moved, gap * min(1.0, 0.4 + 2.0 * t), slack)
        out = _keep_off_face(out, allowed, scale, lift)
        direction = _unit(out - points[-1])
        points.append(points[-1] + direction * step[:, None])
        points[-1] = shape.push_out(points[-1], gap * min(1.0, 0.4 + 2.0 * t), slack)
    return np.stack(points, axis=1), depth, allowed


def _clump(rng: np.random.Generator, hair: Hair, points: np.ndarray) -> np.ndarray:
    """Draw strands together into locks, and curl the locks."""
    guides = rng.choice(len(points), NUM_CLUMPS, replace=False)
    early = points[:, [0, 4]].reshape(len(points), 6)  # neighbours that also go the same way
    _, nearest = cKDTree(early[guides]).query(early)
    t = np.linspace(0, 1, NUM_POINTS)[None, :, None]
    lock = points[guides[nearest]]
    most = 0.45 if hair.style not in {"buzz", "slick", "bun", "crop", "afro"} else 0.15
    # Strands gather half way down and part again at the tip, lest locks end as spikes.
    strength = most * rng.beta(2, 1.5, (len(points), 1, 1)) * np.sin(2.4 * t)
    points = points + strength * (lock - points)
    if hair.curl > 0 and hair.style != "buzz":
        own = 0.35 if hair.style == "afro" else 0.12
        phase = rng.uniform(0, 2 * np.pi, NUM_CLUMPS)[nearest] + own * rng.normal(0, 2, len(points))
        tight = hair.curl > 0.04  # noqa: PLR2004 (wavy hair has less)
        turns = rng.uniform(0.8, 1.2, NUM_CLUMPS)[nearest] * (5 if tight else 2.5)
        angle = phase[:, None] + turns[:, None] * t[..., 0] * max(hair.length, 0.6) * 2.2
        swing = np.stack([np.cos(angle), 0.4 * np.sin(2 * angle), np.sin(angle)], axis=-1)
        points = points + hair.curl * np.minimum(1, 2.5 * t) * swing
    return points


def _colors(rng: np.random.Generator, color: np.ndarray, grey: float, count: int) -> np.ndarray:
    """Draw the colour of each strand: all grey much alike, lest they look like noise."""
    base = to_linear(color)
    spread = rng.lognormal(0, 0.22, (count, 1))
    warm = 1 + 0.1 * rng.normal(0, 1, (count, 1)) * np.array([0.6, 0.0, -1.0])
    own = base * spread * warm
    pale = to_linear(np.array(GREY)) + grey * rng.uniform(0.6, 1.0, (count, 1)) * (
        to_linear(np.array(WHITE)) - to_linear(np.array(GREY))
    )
    share = np.clip(grey * (1 + 0.25 * rng.normal(0, 1, (count, 1))), 0, 1) ** 1.4
    return np.asarray(np.clip(own * (1 - share) + pale * share, 0.004, 0.85))


def _opacities(root: Float[np.ndarray, " S"]) -> Float[np.ndarray, "S K"]:
    """Let strands begin as opaque as `root` and fade over their outer half."""
    t = np.linspace(0, 1, NUM_POINTS)[None]
    return np.asarray(root[:, None] * (1 - (1 - TIP_OPACITY) * smooth_step(0.5, 1.0, t)))


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


def _grow_beard(
    rng: np.random.Generator, head: HeadModel, person: Identity, vertices: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return points, vertex of the root, depth and density of the strands of a beard."""
    mask = beard_mask(head.rest, person.beard_shape, 0.0) * (1 - head.inside_mouth)
    position, normal, rest, vertex, density = _sample_roots(
        rng, head, mask, vertices, NUM_BEARD_STRANDS
    )
    lean = normal * 0.5 + np.array([0, -1.0, 0.25]) + rng.normal(0, 0.35, rest.shape)
    steps = np.linspace(0, 1, NUM_POINTS)[None, :, None]
    length = person.beard * np.where(rest[:, 1] > LIPS_HEIGHT, 0.4, 1.0)
    length = length * (0.35 + 0.65 * density) * rng.uniform(0.55, 1.1, len(rest))
    bend = steps**2 * rng.normal(0, 0.25, (len(rest), 1, 3))
    points = position[:, None] + length[:, None, None] * (steps * _unit(lean)[:, None] + 0.6 * bend)
    depth = rng.uniform(0.3, 1.0, len(rest))
    return points, vertex, depth, density


def grow_hair(head: HeadModel, person: Identity, vertices: Float[np.ndarray, "N 3"]) -> Strands:
    """Grow the hair and the beard of a person.

    Args:
        head: The mesh.
        person: Whose hair.
        vertices: The person's neutral head after subdivision.
    """
    rng = np.random.default_rng([person.seed, 2])
    hair = person.hair
    pieces: list[Strands] = []
    skin = np.unique(head.triangles[head.parts == 0])
    centre = CENTRE + (vertices - head.rest)[skin].mean(axis=0)

    def add(
        points: np.ndarray,
        vertex: np.ndarray,
        color: np.ndarray,
        width: float,
        depth: np.ndarray,
        root: np.ndarray,
    ) -> None:
        count = len(points)
        widths = width * rng.lognormal(0, 0.3, count)
        colors = _colors(rng, color, hair.grey, count)
        pieces.append(Strands(points, widths, colors, depth, _opacities(root), vertex))

    if hair.style != "bald":
        mask = scalp_mask(head.rest, hair, rng)
        mask = mask * (head.rest[:, 1] > 6.6)  # noqa: PLR2004 (above the nape)
        count = NUM_SHORT_STRANDS if hair.style in SHORT else NUM_STRANDS
        *roots, vertex, density = _sample_roots(rng, head, mask, vertices, count)
        shape = HeadShape(vertices[skin[head.rest[skin, 1] > SHOULDERS]], centre)
        points, depth, allowed = _grow(rng, hair, shape, tuple(roots))
        points = _clump(rng, hair, points)
        lift = _forehead_lift(hair, roots[0], roots[2])
        below = points[..., 1] - CENTRE[1] - lift < STRAY_HEIGHT
        strays = (_before_face(points, STRAY_SCALE, lift)[1] & below).any(axis=1) & ~allowed
        keep = ~strays
        points, depth, density, vertex = points[keep], depth[keep], density[keep], vertex[keep]
        width = STRAND_WIDTH * (SHORT_WIDTH if hair.style in SHORT else 1.0)
        add(points, vertex, hair.color, width, depth, 0.55 + 0.42 * density)
        if hair.style == "bun":
            ball = _bun(rng, hair, centre)
            depth = np.sqrt(rng.random(len(ball)))
            crown = np.full(len(ball), vertex[0])
            add(ball, crown, hair.color, STRAND_WIDTH, depth, np.full(len(ball), 0.95))
    if person.beard > 0.02:  # noqa: PLR2004 (shorter is painted)
        points, vertex, depth, density = _grow_beard(rng, head, person, vertices)
        add(points, vertex, hair.natural, BEARD_WIDTH, depth, 0.5 + 0.45 * density)
    if not pieces:
        empty = np.zeros((0, NUM_POINTS))
        points, none = np.zeros((0, NUM_POINTS, 3)), empty[:, 0]
        return Strands(points, none, empty[:, :3], none, empty, none.astype(int))
    return Strands(*(np.concatenate(values) for values in zip(*map(_values, pieces), strict=True)))


def sky_past_hair(
    strands: Strands, vertices: Float[np.ndarray, "N 3"], normals: Float[np.ndarray, "N 3"]
) -> Float[np.ndarray, " N"]:
    """Return the share of the sky's light that hair near each vertex lets through."""
    if len(strands.points) == 0:
        return np.ones(len(vertices))
    points = strands.points.reshape(-1, 3)
    low = np.minimum(points.min(axis=0), vertices.min(axis=0)) - 0.5
    high = np.maximum(points.max(axis=0), vertices.max(axis=0)) + 0.5
    edges = np.ceil((high - low) / OCCLUSION_CELL).astype(int)
    cells = ((points - low) / OCCLUSION_CELL).astype(int)
    # Long pieces count for more; a cell is full when enough length of hair crosses it.
    piece = np.linalg.norm(strands.points[:, 1] - strands.points[:, 0], axis=1)
    weight = np.repeat(piece * strands.widths, NUM_POINTS) / OCCLUSION_CELL**3
    index = np.ravel_multi_index(tuple(cells.T), tuple(edges))
    grid = np.bincount(index, weight, int(edges.prod())).reshape(edges)
    grid = gaussian_filter(np.minimum(grid, 1.5), OCCLUSION_BLUR)
    near = (vertices + OCCLUSION_REACH * normals - low) / OCCLUSION_CELL - 0.5
    return np.asarray(np.exp(-OCCLUSION_POWER * map_coordinates(grid, near.T, order=1)))


def _values(strands: Strands) -> tuple[np.ndarray, ...]:
    return tuple(getattr(strands, field.name) for field in fields(strands))
