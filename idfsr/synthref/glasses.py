"""Glasses: rims, bridge and temples as thick strands that move with the head."""

import numpy as np
from jaxtyping import Float

from idfsr.synthref.identity import Identity
from idfsr.synthref.mesh import HeadModel

NUM_POINTS = 25
EAR_TOP = (0.78, 7.34, 0.55)
"""Where a temple ends, at rest; mirrored for the other side."""


def _rim(kind: str, half_width: float, half_height: float) -> Float[np.ndarray, "K 2"]:
    turn = np.linspace(0, 2 * np.pi, NUM_POINTS)
    power = {"round": 1.0, "square": 0.45, "half": 0.6}[kind]
    x = np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** power
    y = np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** power
    if kind == "half":
        y = np.maximum(y, -0.55)
    return np.stack([half_width * x, half_height * y], axis=1)


def build_glasses(
    head: HeadModel, person: Identity, vertices: Float[np.ndarray, "N 3"]
) -> tuple[Float[np.ndarray, "S K 3"], Float[np.ndarray, " S"]]:
    """Fit glasses to a person.

    Args:
        head: The mesh.
        person: Whose glasses.
        vertices: The person's neutral head after subdivision.

    Returns:
        Strands in the coordinates of the neutral head, and their widths; none without glasses.
    """
    if person.glasses == "none":
        return np.zeros((0, NUM_POINTS, 3)), np.zeros(0)
    rng = np.random.default_rng([person.seed, 3])
    centres = vertices[head.eyes].mean(axis=1)
    front = vertices[head.landmarks[:2]].mean(axis=1)[:, 2].max() + 0.11
    half_width = rng.uniform(0.2, 0.25)
    half_height = half_width * {"round": 0.95, "square": 0.72, "half": 0.62}[person.glasses]
    thickness = rng.uniform(0.014, 0.045)
    t = np.linspace(0, 1, NUM_POINTS)[:, None]
    strands = []
    for centre, side in zip(centres, (-1, 1), strict=True):
        outline = _rim(person.glasses, half_width, half_height)
        x = centre[0] + 0.015 * side + outline[:, 0]
        depth = front - 0.16 * ((x * side - 0.1).clip(0)) ** 2
        strands.append(np.stack([x, centre[1] - 0.02 + outline[:, 1], depth], axis=1))
        hinge = np.array([centre[0] + side * (half_width + 0.03), centre[1] + 0.04, front - 0.1])
        skin = np.argmin(np.abs(head.rest - np.array(EAR_TOP) * [side, 1, 1]).sum(axis=1))
        ear = vertices[skin] + np.array([0.06 * side, 0.03, 0])
        strands.append(hinge + t * (ear - hinge))
    inner = centres[:, 0] + np.array([1, -1]) * (half_width - 0.015)
    bridge_y = centres[:, 1].mean() + 0.03 + 0.03 * np.sin(np.pi * t[:, 0])
    bridge_x = inner[0] + t[:, 0] * (inner[1] - inner[0])
    strands.append(np.stack([bridge_x, bridge_y, np.full(NUM_POINTS, front + 0.01)], axis=1))
    return np.stack(strands), np.full(len(strands), thickness)
