"""Who somebody is: shape, skin, hair and marks, drawn from the identity's own random stream."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from jaxtyping import Float

from idfsr.synthref.chance import happens
from idfsr.synthref.hairstyles import Hair, sample_hair
from idfsr.synthref.shape import sample_shape
from idfsr.synthref.sources import RACES

POPULATIONS: Final = {"demo": 0, "training": 1}
"""First number of every random stream of a population: no two populations share a person."""

MIN_AGE, MAX_AGE = 18, 75
SKIN_RANGE: Final = {
    "african": ((66, 40, 28), (162, 108, 78)),
    "asian": ((172, 120, 84), (240, 200, 164)),
    "caucasian": ((196, 138, 108), (250, 212, 190)),
}
"""Darkest and lightest sRGB skin colour."""

IRIS: Final = {
    "brown": (74, 44, 24),
    "dark": (42, 26, 18),
    "hazel": (122, 88, 40),
    "green": (104, 122, 78),
    "blue": (98, 136, 168),
    "grey": (128, 138, 144),
}
"""sRGB iris colours."""

IRIS_SHARES: Final = {
    "african": (0.35, 0.62, 0.03, 0.0, 0.0, 0.0),
    "asian": (0.4, 0.57, 0.03, 0.0, 0.0, 0.0),
    "caucasian": (0.26, 0.08, 0.16, 0.14, 0.26, 0.1),
}


Race = Literal["african", "asian", "caucasian"]
Gender = Literal["female", "male"]
Mark = Literal["birthmark", "none", "scar", "tattoo"]
BeardShape = Literal["none", "full", "goatee", "moustache"]
Glasses = Literal["none", "round", "square", "half"]

MARK_SHARES = (0.06, 0.74, 0.1, 0.1)
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
    """Colours (sRGB 0..255) and marks of the skin; shares are in [0, 1]."""

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
    race: Race
    race_weights: Float[np.ndarray, "3"]
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


def _sample_skin(
    rng: np.random.Generator, race_weights: np.ndarray, gender: str, age_years: float
) -> Skin:
    tone = rng.uniform(0, 1)
    ranges = np.array([SKIN_RANGE[race] for race in RACES], np.float64)
    color = race_weights @ (ranges[:, 0] * (1 - tone) + ranges[:, 1] * tone)
    color = color * (1 + rng.normal(0, 0.018, 3))
    fair = float(race_weights[2])
    natural = color * np.array([0.90, 0.58, 0.60]) * rng.uniform(0.78, 1.1)
    painted = np.array([rng.uniform(130, 215), rng.uniform(35, 100), rng.uniform(45, 115)])
    paint = rng.uniform(0.3, 0.8) if gender == "female" and happens(rng, 0.5) else 0.0
    aged = (age_years - MIN_AGE) / (MAX_AGE - MIN_AGE)
    return Skin(
        color=np.clip(color, 20, 252),
        lips=np.clip(natural * (1 - paint) + painted * paint, 15, 250),
        blush=rng.uniform(0.05, 0.5),
        blotch=rng.uniform(0.3, 0.6) + 0.4 * aged,
        freckles=max(0.0, rng.normal(-0.25, 0.55)) * fair,
        num_moles=int(rng.poisson(2.2)),
        mark=get_args(Mark)[rng.choice(4, p=MARK_SHARES)],
        eye_shadow=rng.uniform(0.2, 0.7) if paint > 0 and happens(rng, 0.6) else 0.0,
        dark_circles=rng.uniform(0, 0.2) + 0.5 * aged,
        gloss=rng.uniform(0.6, 1.5),
        wrinkles=float(np.clip(1.25 * (aged - 0.18), 0, 1) * rng.uniform(0.92, 1.05)),
    )


def _sample_brow(rng: np.random.Generator, masculinity: float) -> Brow:
    return Brow(
        height=rng.uniform(-0.045, 0.055),
        inner=rng.uniform(0.08, 0.18),
        outer=rng.uniform(0.48, 0.6),
        arch=rng.uniform(0.02, 0.06) - 0.02 * masculinity,
        tilt=rng.normal(-0.002, 0.006),
        thickness=rng.uniform(0.012, 0.032) + 0.014 * masculinity,
        density=rng.uniform(0.3, 0.65) + 0.15 * masculinity,
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
    race_index = int(rng.integers(3))
    race_weights = 0.8 * np.eye(3)[race_index] + 0.2 * rng.dirichlet([0.5] * 3)
    gender: Gender = "male" if happens(rng, 0.5) else "female"
    masculinity = rng.uniform(0.92, 1.0) if gender == "male" else rng.uniform(0.0, 0.08)
    age_years = float(rng.uniform(MIN_AGE, MAX_AGE))
    shape = sample_shape(rng, target_names, race_weights, masculinity, age_years)
    skin = _sample_skin(rng, race_weights, gender, age_years)
    brow = _sample_brow(rng, masculinity)
    race: Race = get_args(Race)[race_index]
    iris = np.array(IRIS[str(rng.choice(list(IRIS), p=IRIS_SHARES[race]))], np.float64)
    hair = sample_hair(rng, race, gender, age_years)
    bearded = gender == "male" and happens(rng, 0.5)
    glasses_color = [(20, 18, 18), (70, 45, 30), (150, 150, 155), (120, 30, 30), (30, 45, 80)]
    return Identity(
        number=number,
        seed=int(rng.integers(2**31)),
        gender=gender,
        race=race,
        race_weights=race_weights,
        age_years=age_years,
        shape=shape,
        skin=skin,
        brow=brow,
        iris=np.clip(iris * rng.uniform(0.75, 1.35) + rng.normal(0, 6, 3), 12, 230),
        iris_scale=rng.uniform(0.9, 1.1),
        lashes=rng.uniform(0.5, 1.0) if gender == "female" else rng.uniform(0.15, 0.5),
        hair=hair,
        beard=float(rng.choice([0.008, 0.015, 0.05, 0.14])) if bearded else 0.0,
        beard_shape=get_args(BeardShape)[1 + rng.choice(3, p=BEARD_SHARES)] if bearded else "none",
        glasses=get_args(Glasses)[rng.choice(4, p=GLASSES_SHARES)],
        glasses_color=np.array(glasses_color[int(rng.integers(5))], np.float64),
        cloth=np.clip(rng.uniform(20, 220) + rng.normal(0, 38, 3), 12, 240),
        collar=rng.uniform(-0.12, 0.2),
    )
