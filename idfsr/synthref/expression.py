"""Expressions: which muscles they move, how they furrow the skin, how often they are seen."""

from typing import Final

import numpy as np
from jaxtyping import Float

from idfsr.synthref.sources import INGREDIENTS

EXPRESSIONS: Final = {
    "neutral": {"mouth-corner-puller": 0.2, "mouth-retraction": 0.1},
    "happy": {
        "mouth-corner-puller": 0.75, "mouth-retraction": 0.35, "eye-slit": 0.18,
        "cheek-trans-up": 0.4, "cheek-volume-incr": 0.15,
    },
    "sad": {"mouth-depression": 0.8, "eyebrows-inner-up": 1.3, "eye-slit": 0.4},
    "angry": {
        "eyebrows-down": 1.2, "mouth-pursing": 0.45, "mouth-depression": 0.3,
        "nose-dilatation": 0.7, "eye-slit": 0.3,
    },
    "surprise": {"eyebrows-up": 1.2, "mouth-open": 0.6, "eye-opened-up": 0.9},
    "fear": {
        "eyebrows-inner-up": 1.2, "eyebrows-up": 0.5, "eye-opened-up": 1.0,
        "mouth-depression-retraction": 0.9, "mouth-retraction": 0.3,
    },
    "disgust": {
        "nose-elevation": 1.1, "nose-compression": 0.9, "mouth-elevation": 0.9,
        "eyebrows-down": 0.6, "eye-slit": 0.45,
    },
}  # fmt: skip
"""Targets of each expression at full strength; those with sides act on both alike."""

OPEN_SMILE: Final = {
    "mouth-upward-retraction": 0.9, "mouth-elevation": 0.7, "mouth-parling": 0.5,
}  # fmt: skip
"""What a smile adds for each unit by which its strength is above `CLOSED_SMILE`: teeth show."""
CLOSED_SMILE: Final = 0.65

STRENGTHS: Final = {"happy": (0.45, 1.1)}
OTHER_STRENGTHS: Final = (0.4, 0.9)
"""Ranges from which the strength of an expression is drawn."""

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

SHARES: Final = (0.25, 0.45, 0.06, 0.06, 0.06, 0.06, 0.06)
"""How often each expression is seen: as in photographs of the press, most are neutral or smile."""


def unit_weights(
    expression: str, strength: float, mixture: Float[np.ndarray, "3"], names: tuple[str, ...]
) -> dict[str, float]:
    """Return the weights of the expression targets, mixed as the shape is."""
    known = set(names)
    units = {unit: strength * weight for unit, weight in EXPRESSIONS[expression].items()}
    if expression == "happy":
        for unit, weight in OPEN_SMILE.items():
            units[unit] = max(0.0, strength - CLOSED_SMILE) * weight
    weights: dict[str, float] = {}
    for unit, weight in units.items():
        if unit.startswith("cheek"):
            weights |= {f"cheek/{side}-{unit}": weight for side in "lr"}
            continue
        part, _, rest = unit.partition("-")
        for name, share in zip(INGREDIENTS, mixture, strict=True):
            sides = [f"expression/{name}/{part}-{side}-{rest}" for side in ("left", "right")]
            both = [side for side in sides if side in known] or [f"expression/{name}/{unit}"]
            for target in both:
                weights[target] = weights.get(target, 0.0) + weight * float(share)
    return weights


def sample_expression(rng: np.random.Generator) -> tuple[str, float]:
    """Draw an expression and its strength."""
    expression = str(rng.choice(list(EXPRESSIONS), p=SHARES))
    return expression, rng.uniform(*STRENGTHS.get(expression, OTHER_STRENGTHS))
