"""Draws that people and photos share."""

import numpy as np


def happens(rng: np.random.Generator, chance: float) -> bool:
    """Draw whether something of the given chance happens."""
    return bool(rng.random() < chance)
