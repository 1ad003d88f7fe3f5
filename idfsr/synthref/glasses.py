"""Glasses that move with the head: rims, bridge and temples as thick strands, mirroring lenses."""

from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float

from idfsr.synthref.camera import Camera
from idfsr.synthref.canvas import Canvas
from idfsr.synthref.chance import happens
from idfsr.synthref.identity import Identity
from idfsr.synthref.illumination import Light, basis, project
from idfsr.synthref.mesh import HeadModel

NUM_POINTS = 25
EAR_TOP = (0.78, 7.34, 0.55)
"""Where a temple ends, at rest; mirrored for the other side."""
CLEAR, DARK = 0.94, (0.05, 0.25)
"""Share of the light that passes lenses; the range for the upper half of sunglasses."""
FADE = 2.2
"""Share that passes sunglasses at the lower rim, over that at the upper one."""
MIRROR, MIRROR_DARK = 0.045, 0.07
"""Share of the surroundings' light that lenses throw back, seen straight on."""
CURVE = 0.16
"""How far the normal of a lens leans out at its rim."""
GLINT = 900.0
"""Exponent of the key's mirror image."""
THROUGH = 0.1
"""How far brows may come through a lens and still lie behind it, in units of the mesh."""
SUBPIXEL_BITS = 4


class Glasses(NamedTuple):
    """A pair in the coordinates of the neutral head."""

    strands: Float[np.ndarray, "S K 3"]
    widths: Float[np.ndarray, " S"]
    lenses: Float[np.ndarray, "L K 3"]
    """Outlines."""
    clear: float
    """Share of the light that passes the lenses."""


def _rim(kind: str, half_width: float, half_height: float) -> Float[np.ndarray, "K 2"]:
    turn = np.linspace(0, 2 * np.pi, NUM_POINTS)
    power = {"round": 1.0, "square": 0.45, "half": 0.6}[kind]
    x = np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** power
    y = np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** power
    if kind == "half":
        y = np.maximum(y, -0.55)
    return np.stack([half_width * x, half_height * y], axis=1)


def no_glasses() -> Glasses:
    """Return none."""
    nothing = np.zeros((0, NUM_POINTS, 3))
    return Glasses(nothing, np.zeros(0), nothing, 1.0)


def build_glasses(
    head: HeadModel, person: Identity, vertices: Float[np.ndarray, "N 3"], *, dark: bool
) -> Glasses:
    """Fit glasses to a person.

    Args:
        head: The mesh.
        person: Whose glasses.
        vertices: The person's neutral head after subdivision.
        dark: Sunglasses, which everybody has; else what the person always wears, maybe nothing.
    """
    if person.glasses == "none" and not dark:
        return no_glasses()
    rng = np.random.default_rng([person.seed, 4 if dark else 3])
    kind = person.glasses if person.glasses != "none" else str(rng.choice(["round", "square"]))
    centres = vertices[head.eyes].mean(axis=1)
    front = vertices[head.landmarks[:2]].mean(axis=1)[:, 2].max() + 0.11
    half_width = rng.uniform(0.22, 0.26) if dark else rng.uniform(0.2, 0.25)
    half_height = half_width * {"round": 0.95, "square": 0.72, "half": 0.62}[kind]
    wire = happens(rng, 0.2 if dark else 0.5)
    thickness = rng.uniform(0.009, 0.016) if wire else rng.uniform(0.02, 0.04)
    t = np.linspace(0, 1, NUM_POINTS)[:, None]
    strands, lenses = [], []
    for centre, side in zip(centres, (-1, 1), strict=True):
        outline = _rim(kind, half_width, half_height)
        x = centre[0] + 0.015 * side + outline[:, 0]
        depth = front - 0.16 * ((x * side - 0.1).clip(0)) ** 2
        lenses.append(np.stack([x, centre[1] - 0.02 + outline[:, 1], depth], axis=1))
        hinge = np.array([centre[0] + side * (half_width + 0.03), centre[1] + 0.04, front - 0.1])
        skin = np.argmin(np.abs(head.rest - np.array(EAR_TOP) * [side, 1, 1]).sum(axis=1))
        ear = vertices[skin] + np.array([0.06 * side, 0.03, 0])
        strands.append(hinge + t * (ear - hinge))
    inner = centres[:, 0] + np.array([1, -1]) * (half_width - 0.015)
    bridge_y = centres[:, 1].mean() + 0.03 + 0.03 * np.sin(np.pi * t[:, 0])
    bridge_x = inner[0] + t[:, 0] * (inner[1] - inner[0])
    strands.append(np.stack([bridge_x, bridge_y, np.full(NUM_POINTS, front + 0.01)], axis=1))
    strands = [*lenses, *strands]
    clear = rng.uniform(*DARK) if dark else CLEAR
    return Glasses(np.stack(strands), np.full(len(strands), thickness), np.stack(lenses), clear)


def _mirrored(
    normal: Float[np.ndarray, "*P 3"], light: Light, strength: float
) -> Float[np.ndarray, "*P 3"]:
    """Return what lenses of these normals mirror to the camera: surroundings and the key."""
    toward = 2 * normal[..., 2:] * normal - np.array([0, 0, 1])
    around = np.maximum(basis(toward) @ project(light.environment), 0)
    key = np.exp(GLINT * (toward @ light.key_direction - 1))[..., None] * light.key_color
    fresnel = strength + (1 - strength) * (1 - np.clip(normal[..., 2:], 0, 1)) ** 5
    return np.asarray(fresnel * (around + 30 * key))


def draw_lenses(canvas: Canvas, camera: Camera, glasses: Glasses, light: Light) -> None:
    """Lay the lenses over what lies behind them: they dim it and mirror the surroundings.

    Args:
        canvas: With head and hair.
        camera: Of the image.
        glasses: The pair.
        light: Of the image.
    """
    for lens in glasses.lenses:
        outline = camera.to_camera(lens)
        across, down = outline[0] - outline[NUM_POINTS // 2], outline[6] - outline[18]
        normal = np.cross(across, down).astype(np.float64)
        normal /= np.linalg.norm(normal)
        screen = camera.to_screen(outline)
        low = np.maximum(np.floor(screen[:, :2].min(axis=0)).astype(int), 0)
        high = np.minimum(np.ceil(screen[:, :2].max(axis=0)).astype(int) + 1, len(canvas.image))
        if normal[2] <= 0 or (high <= low).any():
            continue
        box = (slice(low[1], high[1]), slice(low[0], high[0]))
        rows, columns = np.mgrid[box].astype(np.float64) + 0.5
        cover = np.zeros(rows.shape, np.uint8)
        corners = np.rint((screen[:, :2] - low - 0.5) * 2**SUBPIXEL_BITS).astype(np.int32)
        cv2.fillPoly(cover, [corners], 1, cv2.LINE_8, SUBPIXEL_BITS)
        plane = np.column_stack([screen[:, :2], np.ones(NUM_POINTS)])
        slope = np.linalg.lstsq(plane, screen[:, 2].astype(np.float64), rcond=None)[0]
        depth = slope[0] * columns + slope[1] * rows + slope[2]
        depth += THROUGH * camera.scale
        share = (cover * (canvas.depth[box] < depth))[..., None].astype(np.float32)
        middle = (screen[:, :2].min(axis=0) + screen[:, :2].max(axis=0)) / 2
        size = np.ptp(screen[:, :2], axis=0) / 2
        lean = CURVE * np.stack(
            [(columns - middle[0]) / size[0], -(rows - middle[1]) / size[1], 0 * rows], axis=-1
        )
        bent = normal + lean
        bent /= np.linalg.norm(bent, axis=-1, keepdims=True)
        strength = MIRROR if glasses.clear == CLEAR else MIRROR_DARK
        part = canvas.image[box]
        clear = np.full(rows.shape, glasses.clear)
        if glasses.clear < CLEAR:
            clear *= 1 + (FADE - 1) * np.clip((rows - middle[1]) / size[1], 0, 1)
        passed = 1 - share * (1 - clear[..., None].astype(np.float32))
        part[..., 3:] = 1 - passed * (1 - part[..., 3:])
        part[..., :3] = passed * part[..., :3] + share * _mirrored(bent, light, strength)
