"""The shape of a head as weights of MPFB's targets: race, sex, age, weight, and local features."""

import numpy as np

from idfsr.data.synthref.sources import RACES

YOUNG_AGE, OLD_AGE = 25, 90
"""Ages of MPFB's "young" and "old" targets, years."""

SHAPE_SIGMA = 0.29
"""Standard deviation of the weights of local targets; at 0.45 faces become caricatures."""

OPPOSITES = (
    ("incr", "decr"), ("up", "down"), ("in", "out"), ("forward", "backward"),
    ("convex", "concave"), ("compress", "uncompress"),
)  # fmt: skip


def _macro_weights(
    race_weights: np.ndarray, masculinity: float, old: float, weight: float, muscle: float
) -> dict[str, float]:
    sexes = {"male": masculinity, "female": 1 - masculinity}
    ages = {"young": 1 - old, "old": old}
    weights = {"average": 1 - abs(weight), "max" if weight > 0 else "min": abs(weight)}
    muscles = {"average": 1 - abs(muscle), "max" if muscle > 0 else "min": abs(muscle)}
    macros: dict[str, float] = {}
    for sex, sex_share in sexes.items():
        for age, age_share in ages.items():
            share = sex_share * age_share
            for race, race_share in zip(RACES, race_weights, strict=True):
                macros[f"macrodetails/{race}-{sex}-{age}"] = share * race_share
            for muscle_name, muscle_share in muscles.items():
                for weight_name, weight_share in weights.items():
                    name = f"universal-{sex}-{age}-{muscle_name}muscle-{weight_name}weight"
                    macros[f"macrodetails/{name}"] = share * muscle_share * weight_share
    return macros


def opposite_targets(names: tuple[str, ...]) -> list[tuple[str, str]]:
    """Pair targets that push the same feature in opposite directions, (one, other)."""
    known = set(names)
    pairs = []
    for name in names:
        for one, other in OPPOSITES:
            twin = name.removesuffix(one) + other
            if name.endswith(f"-{one}") and twin in known:
                pairs.append((name, twin))
    return pairs


LEFT_OUT = (
    "head-angle", "head-trans", "neck-trans", "eye-push", "neck-scale-vert", "nose-trans-in",
    "mouth-trans-in", "measure-neck-height",
)  # fmt: skip
"""Targets that move the whole head, push nose or mouth to one side, or open gaps."""

EXPRESSIVE = (
    "eyebrows-angle", "mouth-angles", "-ext-", "eye-height", "eye-corner", "mouth-laugh-lines",
    "nose-flaring", "eyefold", "lip-middle",
)  # fmt: skip
"""Targets that look like an expression: they vary less, so that neutral faces stay neutral."""

EXPRESSIVE_SHARE = 0.5


def _local_weights(rng: np.random.Generator, names: tuple[str, ...]) -> dict[str, float]:
    """Draw the local targets, the same for both halves of the face but for a little."""
    weights: dict[str, float] = {}
    shared: dict[str, float] = {}
    for one, other in opposite_targets(names):
        if any(word in one for word in LEFT_OUT) or one.startswith(("asym", "expression")):
            continue
        target = one.split("/")[1]
        paired = target.startswith(("l-", "r-"))
        key = target[2:] if paired else target
        if key not in shared:
            calm = EXPRESSIVE_SHARE if any(word in one for word in EXPRESSIVE) else 1.0
            shared[key] = float(np.clip(rng.normal(0, SHAPE_SIGMA * calm), -1, 1))
        weight = shared[key] + (rng.normal(0, 0.03) if paired else 0.0)
        weights[one if weight > 0 else other] = abs(weight)
    for kind in ("oval", "round", "square", "triangular", "rectangular", "diamond"):
        weights[f"head/head-{kind}"] = max(0.0, float(rng.normal(-0.05, 0.25)))
    for name in names:
        if name.startswith("asym/") and "ear" not in name and "nose" not in name:
            weights[name] = max(0.0, float(rng.normal(-0.04, 0.05)))
    return weights


def sample_shape(
    rng: np.random.Generator,
    names: tuple[str, ...],
    race_weights: np.ndarray,
    masculinity: float,
    age_years: float,
) -> dict[str, float]:
    """Draw the shape of a head: weight of each target.

    Args:
        rng: The identity's stream.
        names: Of the shape targets, in the order of `HeadModel`.
        race_weights: Shares of `sources.RACES`.
        masculinity: In [0, 1].
        age_years: At least 18.
    """
    old = max(0.0, (age_years - YOUNG_AGE) / (OLD_AGE - YOUNG_AGE))
    weight = float(np.clip(rng.normal(0.05, 0.42), -0.9, 0.9))
    muscle = float(np.clip(rng.normal(0, 0.3), -0.9, 0.9))
    shape = _local_weights(rng, names)
    shape |= _macro_weights(race_weights, masculinity, old, weight, muscle)
    sagging = old * rng.uniform(0.5, 1.0)
    shape["head/head-age-incr"] = shape.get("head/head-age-incr", 0.0) * 0.3 + 0.45 * sagging
    for side in "lr":
        bag = f"eyes/{side}-eye-bag-incr"
        shape[bag] = shape.get(bag, 0.0) + 0.45 * sagging
    return shape
