"""Who somebody is: shape, skin, hair and marks, drawn from the identity's own random stream."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from jaxtyping import Float

from idfsr.synthref.chance import happens
from idfsr.synthref.hairstyles import Hair, sample_hair
from idfsr.synthref.shape import sample_shape
from idfsr.synthref.tones import (
    MADE_UP_SHARE,
    MONK_TONES,
    TONE_SHARES,
    depth,
    sample_color,
    sample_lips,
)

POPULATIONS: Final = {"demo": 0, "training": 1}
"""First number of every random stream of a population: no two populations share a person."""

MIN_AGE, MAX_AGE = 18, 75
FIRST_FURROWS, LAST_FURROWS = 35, 80
"""Ages between which furrows come, years."""

IRIS: Final = {
    "brown": (84, 56, 36),
    "dark": (56, 36, 26),
    "hazel": (118, 90, 50),
    "green": (104, 116, 84),
    "blue": (104, 132, 156),
    "grey": (126, 136, 142),
}
"""sRGB iris colours."""

IRIS_SHARES: Final = {
    "fair": (0.34, 0.08, 0.14, 0.12, 0.24, 0.08),
    "middle": (0.52, 0.3, 0.12, 0.04, 0.02, 0.0),
    "dark": (0.4, 0.6, 0.0, 0.0, 0.0, 0.0),
}
"""Pigment is one: light eyes are rarer, the darker the skin."""
FAIR_TONE, DARK_TONE = 4, 7
"""Tones up to the first and from the second on."""

MIXTURE_SPREAD = 0.9
"""How far a mixture of the shape ingredients may lie from equal shares, in [0, 1]."""

Gender = Literal["female", "male"]
Mark = Literal["birthmark", "mole", "none", "scar"]
BeardShape = Literal["none", "full", "goatee", "moustache"]
Glasses = Literal["none", "round", "square", "half"]

MARK_SHARES = (0.08, 0.09, 0.74, 0.09)
BEARD_SHARES = (0.6, 0.25, 0.15)
"""Of the shapes that are beards."""
GLASSES_SHARES = (0.72, 0.1, 0.1, 0.08)


@dataclass(frozen=True)
class Brow:
    """Eyebrows in rest coordinates."""

    height: float
    inner: float
    outer: float
    arch: float
    tilt: float
    thickness: float
    density: float


@dataclass(frozen=True)
class Skin:
    """Colours as shown (sRGB 0..255) and marks of the skin; shares are in [0, 1]."""

    tone: int
    """On the Monk Skin Tone scale, 1 to 10; drawn on its own, independent of the shape."""
    color: Float[np.ndarray, "3"]
    lips: Float[np.ndarray, "3"]
    blush: float
    blotch: float
    freckles: float
    num_moles: int
    mark: Mark
    eye_shadow: float
    dark_circles: float
    gloss: float
    wrinkles: float


@dataclass(frozen=True)
class Identity:
    """A person."""

    number: int
    seed: int
    """Seed of the textures."""
    gender: Gender
    mixture: Float[np.ndarray, "3"]
    """Shares of the shape ingredients of the data source."""
    age_years: float
    shape: dict[str, float]
    """Weight of each shape target."""
    skin: Skin
    brow: Brow
    iris: Float[np.ndarray, "3"]
    iris_scale: float
    lashes: float
    hair: Hair
    beard: float
    """Length of the beard in units of the mesh; 0 shaven, below 0.02 stubble."""
    beard_shape: BeardShape
    glasses: Glasses
    glasses_color: Float[np.ndarray, "3"]
    cloth: Float[np.ndarray, "3"]
    collar: float


def aging(age_years: float) -> float:
    """Return how much of the furrows of age somebody has: 0 to 35, 0.1 at 45, 0.7 at 70."""
    passed = (age_years - FIRST_FURROWS) / (LAST_FURROWS - FIRST_FURROWS)
    return float(np.clip(passed, 0, 1) ** 1.3)


def _sample_skin(rng: np.random.Generator, gender: str, age_years: float) -> Skin:
    tone = int(rng.choice(len(MONK_TONES), p=TONE_SHARES))
    color = sample_color(rng, tone)
    made_up = gender == "female" and happens(rng, MADE_UP_SHARE)
    aged = aging(age_years)
    return Skin(
        tone=tone + 1,
        color=color,
        lips=sample_lips(rng, color, rng.uniform(0.5, 1.0) if made_up else 0.0),
        blush=rng.uniform(0.1, 0.6),
        blotch=rng.uniform(0.2, 0.45) + 0.2 * aged,
        freckles=max(0.0, rng.normal(-0.25, 0.5)) * (1 - depth(tone)),
        num_moles=int(rng.poisson(2.2)),
        mark=get_args(Mark)[rng.choice(4, p=MARK_SHARES)],
        eye_shadow=rng.uniform(0.15, 0.45) if made_up and happens(rng, 0.6) else 0.0,
        dark_circles=rng.uniform(0, 0.16) + 0.2 * aged,
        gloss=rng.uniform(0.5, 1.2),
        wrinkles=aged * rng.uniform(0.9, 1.1),
    )


def _sample_brow(rng: np.random.Generator, masculinity: float) -> Brow:
    return Brow(
        height=rng.uniform(-0.06, 0.005) - 0.01 * masculinity,
        inner=rng.uniform(0.09, 0.17),
        outer=rng.uniform(0.5, 0.59),
        arch=rng.uniform(0.02, 0.06) - 0.015 * masculinity,
        tilt=rng.normal(-0.01, 0.004),
        thickness=rng.uniform(0.02, 0.042) + 0.012 * masculinity,
        density=rng.uniform(0.45, 0.85) + 0.15 * masculinity,
    )


def sample_identity(
    population: str, seed: int, number: int, target_names: tuple[str, ...]
) -> Identity:
    """Draw a person.

    Args:
        population: Key of `POPULATIONS`.
        seed: The run's seed, at least 0.
        number: The identity's number.
        target_names: Names of the head's shape targets, in the order of `HeadModel`.
    """
    rng = np.random.default_rng([POPULATIONS[population], seed, number])
    mixture = MIXTURE_SPREAD * rng.dirichlet([0.8] * 3) + (1 - MIXTURE_SPREAD) / 3
    gender: Gender = "male" if happens(rng, 0.5) else "female"
    masculinity = rng.uniform(0.85, 1.0) if gender == "male" else rng.uniform(0.0, 0.15)
    age_years = float(rng.uniform(MIN_AGE, MAX_AGE))
    shape = sample_shape(rng, target_names, mixture, masculinity, age_years)
    skin = _sample_skin(rng, gender, age_years)
    brow = _sample_brow(rng, masculinity)
    pigment = "dark" if skin.tone >= DARK_TONE else "fair" if skin.tone <= FAIR_TONE else "middle"
    iris = np.array(IRIS[str(rng.choice(list(IRIS), p=IRIS_SHARES[pigment]))], np.float64)
    hair = sample_hair(rng, depth(skin.tone - 1), gender, age_years)
    bearded = gender == "male" and happens(rng, 0.5)
    glasses_color = [(20, 18, 18), (70, 45, 30), (150, 150, 155), (120, 30, 30), (30, 45, 80)]
    return Identity(
        number=number,
        seed=int(rng.integers(2**31)),
        gender=gender,
        mixture=mixture,
        age_years=age_years,
        shape=shape,
        skin=skin,
        brow=brow,
        iris=np.clip(iris * rng.uniform(0.85, 1.2) + rng.normal(0, 4, 3), 20, 200),
        iris_scale=rng.uniform(0.95, 1.05),
        lashes=rng.uniform(0.5, 1.0) if gender == "female" else rng.uniform(0.15, 0.5),
        hair=hair,
        beard=float(rng.choice([0.008, 0.015, 0.05, 0.14])) if bearded else 0.0,
        beard_shape=get_args(BeardShape)[1 + rng.choice(3, p=BEARD_SHARES)] if bearded else "none",
        glasses=get_args(Glasses)[rng.choice(4, p=GLASSES_SHARES)],
        glasses_color=np.array(glasses_color[int(rng.integers(5))], np.float64),
        cloth=np.clip(rng.uniform(20, 220) + rng.normal(0, 38, 3), 12, 240),
        collar=rng.uniform(-0.12, 0.2),
    )
