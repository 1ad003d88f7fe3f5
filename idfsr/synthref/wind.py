"""How hair lies in one photograph: it moves a little, and a few strands blow over the face."""

import numpy as np
from jaxtyping import Float

STILL = 0.012
"""Standard deviation of the tips' movement where there is no wind, in units of the mesh."""
WINDY = (0.05, 0.14)
LOCK_WAVES = 3.0
"""Waves of the movement over a unit of the scalp: neighbours move together."""
STRAYS = 0.006
"""Share of the strands that stray."""
STRAY_REACH = 0.35
"""How far their tips get, in units of the mesh."""


def blow(
    points: Float[np.ndarray, "S K 3"], seed: int, *, windy: bool
) -> Float[np.ndarray, "S K 3"]:
    """Return strands moved, the more the nearer to their tips; roots stay.

    Args:
        points: In the coordinates of the neutral head; each strand begins at its root.
        seed: Of the image.
        windy: Whether wind blows.
    """
    if len(points) == 0:
        return points
    rng = np.random.default_rng([seed, 7])
    length = np.linalg.norm(points[:, -1] - points[:, 0], axis=1)
    reach = rng.uniform(*WINDY) if windy else abs(rng.normal(0, STILL))
    waves = rng.normal(0, LOCK_WAVES, (3, 3))
    field = np.sin(points[:, 0] @ waves + rng.uniform(0, 2 * np.pi, 3))
    wind = rng.normal(0, 1, 3) * (1, 0.3, 0.3)
    move = reach * np.minimum(length, 1)[:, None] * (0.5 * field + wind)
    stray = rng.random(len(points)) < STRAYS
    count = int(stray.sum())
    aside = rng.normal(0, 1, (count, 3)) * (1, 0.5, 0.5)
    move[stray] += STRAY_REACH * np.minimum(length[stray], 1)[:, None] * aside
    # Never into the head: what lies before its middle moves to the front only.
    before = points[:, -1, 2] > points[:, :, 2].mean()
    move[before, 2] = np.abs(move[before, 2])
    t = np.linspace(0, 1, points.shape[1])
    return np.asarray(points + (t**2)[None, :, None] * move[:, None])
