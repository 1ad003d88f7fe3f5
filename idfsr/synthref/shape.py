"""The shape of a head as weights of MPFB's targets: mixture, sex, age, weight, local features."""

import numpy as np

from idfsr.synthref.sources import INGREDIENTS

YOUNG_AGE, OLD_AGE = 25, 80
"""Ages at which MPFB's "young" and "old" targets stand at 1, years."""

OPPOSITES = (
    ("incr", "decr"), ("up", "down"), ("in", "out"), ("forward", "backward"),
    ("convex", "concave"), ("compress", "uncompress"),
)  # fmt: skip


def _macro_weights(
    mixture: np.ndarray, masculinity: float, old: float, weight: float, muscle: float
) -> dict[str, float]:
    sexes = {"male": masculinity, "female": 1 - masculinity}
    ages = {"young": 1 - old, "old": old}
    weights = {"average": 1 - abs(weight), "max" if weight > 0 else "min": abs(weight)}
    muscles = {"average": 1 - abs(muscle), "max" if muscle > 0 else "min": abs(muscle)}
    macros: dict[str, float] = {}
    for sex, sex_share in sexes.items():
        for age, age_share in ages.items():
            share = sex_share * age_share
            for name, part in zip(INGREDIENTS, mixture, strict=True):
                macros[f"macrodetails/{name}-{sex}-{age}"] = share * part
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
    "mouth-trans-in", "measure-neck-height", "eye-bag", "lowerlip-middle", "upperlip-middle",
    "lowerlip-ext", "upperlip-ext", "mouth-angles", "eyebrows-angle", "nose-flaring",
    "chin-cleft", "laugh-lines", "mouth-scale-vert",
)  # fmt: skip
"""Targets that move the whole head, push nose or mouth to one side, open gaps, show age, or look
like an expression."""

SIGMAS = (
    (("eye-corner", "eye-height", "chin-prognathism", "eye-scale", "head-age"), 0.12),
    (("head-scale", "chin-height", "nostrils-width", "width3", "nose-base", "nose-scale-horiz",
      "mouth-scale-horiz", "lip-width", "head-fat", "nose-trans", "mouth-trans", "lip-height",
      "eye-trans", "nose-septumangle", "nose-nostrils-angle", "nose-hump", "nose-greek"), 0.16),
    (("ear-", "neck-", "lip-volume", "nose-"), 0.28),
)  # fmt: skip
"""Standard deviation of each local target by itself; the first whose words fit counts."""

OTHER_SIGMA = 0.6

DIRECTIONS: tuple[dict[str, float], ...] = (
    # a wide face
    {"head-scale-horiz-incr": 0.11, "cheek-bones-incr": 0.25, "nose-scale-horiz-incr": 0.05},
    # a long one
    {"head-scale-vert-incr": 0.1, "nose-scale-vert-incr": 0.1, "chin-height-incr": 0.08,
     "head-scale-horiz-incr": -0.06},
    # a heavy jaw
    {"chin-width-incr": 0.35, "chin-bones-incr": 0.3, "chin-prominent-incr": 0.2,
     "chin-jaw-drop-incr": 0.15, "head-fat-incr": 0.06},
    # a receding or a protruding profile
    {"chin-prognathism-incr": 0.12, "forehead-trans-forward": 0.25, "forehead-nubian-incr": 0.25,
     "nose-scale-depth-incr": -0.12},
    # a broad nose
    {"nose-scale-horiz-incr": 0.16, "nose-width1-incr": 0.25, "nose-width2-incr": 0.25,
     "nose-width3-incr": 0.12, "nose-nostrils-width-incr": 0.08, "nose-point-width-incr": 0.3,
     "nose-volume-incr": 0.15},
    # a long nose with a hump, or a short one that turns up
    {"nose-scale-depth-incr": 0.18, "nose-hump-incr": 0.12, "nose-point-up": -0.14,
     "nose-scale-vert-incr": 0.08, "nose-base-up": -0.1, "nose-greek-incr": 0.14},
    # full lips
    {"mouth-upperlip-volume-incr": 0.35, "mouth-lowerlip-volume-incr": 0.35,
     "mouth-upperlip-height-incr": 0.22, "mouth-lowerlip-height-incr": 0.2,
     "mouth-scale-depth-incr": 0.12},
    # a wide mouth
    {"mouth-scale-horiz-incr": 0.14, "mouth-lowerlip-width-incr": 0.14,
     "mouth-upperlip-width-incr": 0.14},
    # large, open eyes
    {"eye-scale-incr": 0.16, "eye-height1-incr": 0.08, "eye-height2-incr": 0.12,
     "eye-height3-incr": 0.08},
    # eyes near to each other
    {"eye-trans-in": 0.18, "nose-width1-incr": -0.12},
    # the outer corner of the eyes above the inner one, or below
    {"eye-corner2-up": -0.2, "eye-corner1-up": 0.16, "eye-epicanthus-in": 0.1},
    # flesh
    {"head-fat-incr": 0.14, "cheek-volume-incr": 0.35, "cheek-inner-incr": 0.3,
     "neck-double-incr": 0.25, "measure-neck-circ-incr": 0.3},
    # a ridge above deep eyes
    {"eyebrows-trans-forward": 0.25, "eyebrows-trans-up": -0.12},
    # a high middle of the face
    {"mouth-trans-up": 0.14, "nose-trans-up": 0.15, "nose-scale-vert-incr": -0.05},
    # ears
    {"ear-scale-incr": 0.18, "ear-wing-incr": 0.15},
)  # fmt: skip
"""Features that go together in faces: weight of each target for a share of 1."""

AVERAGE = {
    "mouth-angles-up": 0.42, "mouth-scale-horiz-incr": 0.45, "mouth-upperlip-width-incr": 0.3,
    "mouth-lowerlip-width-incr": 0.3, "mouth-cupidsbow-incr": 0.3,
    "mouth-upperlip-volume-incr": 0.25, "mouth-lowerlip-volume-incr": 0.3,
    "nose-scale-horiz-incr": -0.2, "nose-point-up": 0.15,
    "eye-scale-incr": 0.6, "eye-trans-in": -0.35, "eye-push1-in": -0.55, "eye-push2-in": -0.5,
    "eye-height1-incr": 0.35, "eye-height2-incr": 0.5, "eye-height3-incr": 0.35,
    "forehead-scale-vert-incr": -0.2, "head-fat-incr": -0.12, "head-scale-vert-incr": 0.1,
    "head-scale-horiz-incr": -0.1, "chin-height-incr": 0.08,
}  # fmt: skip
"""What everybody has, for MPFB's heads have small eyes, low lids, and small mouths that frown."""

MALE = {
    "chin-width-incr": 0.2, "chin-bones-incr": 0.2, "chin-prominent-incr": 0.2,
    "eyebrows-trans-forward": 0.2, "eyebrows-trans-up": -0.05,
    "mouth-upperlip-volume-incr": -0.15, "mouth-lowerlip-volume-incr": -0.15,
    "eye-height2-incr": 0.1, "cheek-bones-incr": -0.15, "measure-neck-circ-incr": 0.15,
}  # fmt: skip
"""What men have and women have the opposite of, beyond MPFB's targets of sex."""

OLD = {
    "head-age-incr": 0.25, "eye-bag-incr": 0.35, "eye-eyefold-up": -0.2, "neck-double-incr": 0.3,
    "cheek-volume-incr": -0.15, "cheek-trans-up": -0.25, "chin-jaw-drop-incr": 0.25,
    "nose-scale-vert-incr": 0.08, "nose-point-up": -0.08, "ear-scale-incr": 0.25,
    "ear-lobe-incr": 0.2, "mouth-upperlip-volume-incr": -0.25, "mouth-lowerlip-volume-incr": -0.2,
}  # fmt: skip
"""What age adds to MPFB's old targets: some weight below the eyes and at the jaw, thinner lips."""

OUTLINES = {
    "oval": 0.2, "round": 0.12, "square": 0.45, "triangular": 0.25, "invertedtriangular": 0.4,
    "rectangular": 0.4, "diamond": 0.3,
}  # fmt: skip
"""Largest weight of MPFB's outlines of the head; everybody has a share of two."""

OLD_SHARE = 0.7
"""Of MPFB's old targets at the age of `OLD_AGE`: at full weight they look ill."""

UNEVEN_PARTS = ("asym/asym-cheek", "asym/asym-jaw", "asym/asym-temple", "asym/asym-top")
"""Targets of one half that do not look like an expression."""

UNEVEN = 0.015
"""Standard deviation by which the halves of a face differ."""

MAX_WEIGHT = 0.95
"""Weights of local targets approach it: features that add up do not make caricatures."""

SPREAD, MAX_DIRECTION = 1.4, 2.0
"""Standard deviation and largest share of a direction."""


def _sigma(target: str) -> float:
    for words, sigma in SIGMAS:
        if any(word in target for word in words):
            return sigma
    return OTHER_SIGMA


def _features(names: tuple[str, ...]) -> dict[str, list[tuple[str, str]]]:
    """Return the pairs of targets that change a feature; its name lacks folder and side."""
    features: dict[str, list[tuple[str, str]]] = {}
    for one, other in opposite_targets(names):
        if one.startswith(("asym", "expression")):
            continue
        target = one.split("/")[1]
        name = target[2:] if target.startswith(("l-", "r-")) else target
        features.setdefault(name, []).append((one, other))
    return features


def _local_weights(
    rng: np.random.Generator, names: tuple[str, ...], masculinity: float, old: float
) -> dict[str, float]:
    """Draw the local targets, the same for both halves of the face but for a little."""
    features = _features(names)
    total = {
        name: 0.0 if any(word in name for word in LEFT_OUT) else float(rng.normal(0, _sigma(name)))
        for name in features
    }
    shifts = [(1.0, AVERAGE), (2 * masculinity - 1, MALE), (old, OLD)]
    shifts += [
        (float(np.clip(rng.normal(0, SPREAD), -MAX_DIRECTION, MAX_DIRECTION)), direction)
        for direction in DIRECTIONS
    ]
    for factor, direction in shifts:
        for name, weight in direction.items():
            total[name] += factor * weight
    weights: dict[str, float] = {}
    for name, pairs in features.items():
        for one, other in pairs:
            uneven = float(rng.normal(0, UNEVEN)) if len(pairs) > 1 and total[name] else 0.0
            weight = float(MAX_WEIGHT * np.tanh((total[name] + uneven) / MAX_WEIGHT))
            if weight:
                weights[one if weight > 0 else other] = abs(weight)
    for outline, share in zip(rng.permutation(list(OUTLINES)), (1.0, 0.4), strict=False):
        weights[f"head/head-{outline}"] = share * OUTLINES[outline] * float(rng.uniform(0.2, 1))
    for name in names:
        if name.startswith(UNEVEN_PARTS):
            weights[name] = max(0.0, float(rng.normal(-0.03, 0.025)))
    return weights


def sample_shape(
    rng: np.random.Generator,
    names: tuple[str, ...],
    mixture: np.ndarray,
    masculinity: float,
    age_years: float,
) -> dict[str, float]:
    """Draw the shape of a head: weight of each target.

    Args:
        rng: The identity's stream.
        names: Of the shape targets, in the order of `HeadModel`.
        mixture: Shares of `sources.INGREDIENTS`.
        masculinity: In [0, 1].
        age_years: At least 18.
    """
    old = max(0.0, (age_years - YOUNG_AGE) / (OLD_AGE - YOUNG_AGE))
    weight = float(np.clip(rng.normal(0.0, 0.45), -0.8, 0.8))
    muscle = float(np.clip(rng.normal(0, 0.35), -0.9, 0.9))
    shape = _local_weights(rng, names, masculinity, old)
    return shape | _macro_weights(mixture, masculinity, OLD_SHARE * old, weight, muscle)
