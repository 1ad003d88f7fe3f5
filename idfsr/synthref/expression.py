"""Expressions: which muscles they move, how they furrow the skin, how often they are seen."""

from typing import Final

import numpy as np
from jaxtyping import Float

from idfsr.synthref.sources import RACES

EXPRESSIONS: Final = {
    "neutral": {},
    "happy": {
        "mouth-corner-puller": 0.65, "mouth-upward-retraction": 0.9, "mouth-retraction": 0.2,
        "eye-slit": 0.22, "eyebrows-up": 0.15,
    },
    "sad": {
        "mouth-depression": 1.15, "eyebrows-inner-up": 1.5, "eye-slit": 0.5,
    },
    "angry": {
        "eyebrows-down": 1.45, "mouth-pursing": 0.55, "mouth-depression": 0.25,
        "nose-dilatation": 0.8, "eye-slit": 0.25,
    },
    "surprise": {"eyebrows-up": 1.4, "mouth-open": 0.8, "eye-opened-up": 1.1},
    "fear": {
        "eyebrows-inner-up": 1.3, "eyebrows-up": 0.6, "eye-opened-up": 1.2,
        "mouth-depression-retraction": 1.0, "mouth-retraction": 0.35,
    },
    "disgust": {
        "nose-elevation": 1.2, "nose-compression": 1.0, "mouth-elevation": 1.1,
        "eyebrows-down": 0.7, "eye-slit": 0.5,
    },
}  # fmt: skip
"""Expression units of each expression at full strength; those with sides act on both."""

FURROWS: Final = {
    "neutral": (0.0, 0.0, 0.0, 0.0),
    "happy": (0.0, 0.0, 1.0, 0.0),
    "sad": (0.6, 0.3, 0.1, 0.4),
    "angry": (0.0, 1.0, 0.3, 0.1),
    "surprise": (1.0, 0.0, 0.0, 0.0),
    "fear": (0.9, 0.4, 0.0, 0.0),
    "disgust": (0.0, 0.8, 0.7, 0.0),
}
"""How much an expression deepens each of `wrinkles.GROUPS`."""

SHARES: Final = (0.22, 0.2, 0.12, 0.12, 0.12, 0.11, 0.11)


def unit_weights(
    expression: str, strength: float, race_weights: Float[np.ndarray, "3"], names: tuple[str, ...]
) -> dict[str, float]:
    """Return the weights of the expression targets, mixed over the races."""
    known = set(names)
    weights: dict[str, float] = {}
    for unit, weight in EXPRESSIONS[expression].items():
        part, _, rest = unit.partition("-")
        for race, share in zip(RACES, race_weights, strict=True):
            sides = [f"expression/{race}/{part}-{side}-{rest}" for side in ("left", "right")]
            both = [name for name in sides if name in known] or [f"expression/{race}/{unit}"]
            for name in both:
                weights[name] = weights.get(name, 0.0) + strength * weight * float(share)
    return weights


def sample_expression(rng: np.random.Generator) -> tuple[str, float]:
    """Draw an expression and its strength."""
    return str(rng.choice(list(EXPRESSIONS), p=SHARES)), rng.uniform(0.85, 1.1)
