"""What hair somebody has: style, colour and the numbers that shape its strands."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from idfsr.synthref.chance import happens

COLORS: Final = {
    "black": (22, 18, 17),
    "dark": (44, 30, 22),
    "brown": (84, 56, 36),
    "chestnut": (110, 62, 38),
    "blond": (168, 136, 94),
    "fair": (192, 168, 128),
    "red": (150, 70, 34),
}
"""sRGB hair colours."""

COLOR_SHARES: Final = {
    "african": (0.66, 0.27, 0.05, 0.02, 0.0, 0.0, 0.0),
    "asian": (0.62, 0.27, 0.08, 0.03, 0.0, 0.0, 0.0),
    "caucasian": (0.09, 0.2, 0.23, 0.14, 0.16, 0.1, 0.08),
}

DYES: Final = (
    (88, 40, 36), (128, 62, 38), (176, 144, 102), (158, 122, 82), (96, 62, 40), (64, 42, 30),
    (118, 82, 54), (34, 27, 25), (78, 34, 52),
)  # fmt: skip
"""sRGB colours that women dye their hair."""
DYE_SHARES: Final = (0.11, 0.12, 0.15, 0.14, 0.16, 0.13, 0.1, 0.06, 0.03)

FAIR_DYE = 100
"""Dyes with more green than this are blond."""
FAIR_SHARE: Final = {"african": 0.25, "asian": 0.4, "caucasian": 1.0}
"""How much rarer blond dyes are."""

STYLES: Final = {
    "male": ("bald", "buzz", "crop", "side", "slick", "curly", "afro", "long"),
    "female": ("buzz", "side", "bob", "long", "curly", "afro", "bun", "fringe"),
}

STYLE_SHARES: Final = {
    ("male", "african"): (0.18, 0.32, 0.1, 0.04, 0.05, 0.14, 0.14, 0.03),
    ("male", "other"): (0.1, 0.13, 0.22, 0.23, 0.13, 0.1, 0.01, 0.08),
    ("female", "african"): (0.08, 0.03, 0.12, 0.16, 0.2, 0.2, 0.16, 0.05),
    ("female", "other"): (0.02, 0.1, 0.19, 0.24, 0.12, 0.01, 0.15, 0.17),
}


@dataclass(frozen=True)
class Hair:
    """Hair; lengths are in units of the mesh (decimetres)."""

    style: str
    color: Float[np.ndarray, "3"]
    """sRGB, 0..255."""
    natural: Float[np.ndarray, "3"]
    """Colour of brows and beard."""
    grey: float
    """Share of grey strands."""
    length: float
    volume: float
    """Thickness of the layer of hair above the scalp."""
    curl: float
    """Radius of the curls."""
    part: float
    """x of the parting."""
    fringe: float
    """Share of the front strands that fall on the forehead."""
    hairline: float
    """How much higher than usual the hair begins in front."""
    recession: float
    """How far the temples are bare, in [0, 1]."""
    crown: float
    """How thin the hair is on top, in [0, 1]."""


LENGTHS: Final = {
    "bald": (0.0, 0.0), "buzz": (0.03, 0.07), "crop": (0.2, 0.42), "side": (0.45, 0.75),
    "slick": (0.6, 0.95), "curly": (0.35, 1.5), "afro": (0.3, 0.75), "long": (1.6, 2.6),
    "bob": (1.05, 1.5), "bun": (0.9, 1.0), "fringe": (1.2, 2.3),
}  # fmt: skip

VOLUMES: Final = {
    "bald": (0.0, 0.0), "buzz": (0.02, 0.04), "crop": (0.05, 0.16), "side": (0.1, 0.24),
    "slick": (0.06, 0.16), "curly": (0.16, 0.34), "afro": (0.2, 0.5), "long": (0.08, 0.24),
    "bob": (0.1, 0.26), "bun": (0.03, 0.06), "fringe": (0.08, 0.2),
}  # fmt: skip


def sample_hair(rng: np.random.Generator, race: str, gender: str, age_years: float) -> Hair:
    """Draw hair that suits race, gender and age."""
    group = (gender, "african" if race == "african" else "other")
    style = str(rng.choice(STYLES[gender], p=STYLE_SHARES[group]))
    color = np.array(COLORS[str(rng.choice(list(COLORS), p=COLOR_SHARES[race]))], np.float64)
    greying = float(np.clip((age_years - rng.uniform(38, 62)) / 24, 0, 1))
    natural = np.clip(color * rng.uniform(0.8, 1.25), 8, 235)
    dyed = gender == "female" and happens(rng, 0.12 + 0.5 * greying)
    shares = np.array(DYE_SHARES) * np.where(np.array(DYES)[:, 1] > FAIR_DYE, FAIR_SHARE[race], 1)
    dye = np.array(DYES[int(rng.choice(len(DYES), p=shares / shares.sum()))], np.float64)
    aged_male = float(np.clip((age_years - 28) / 40, 0, 1)) if gender == "male" else 0.0
    loss = aged_male * float(rng.beta(1.3, 1.6))
    curls = {"curly": rng.uniform(0.05, 0.09), "afro": rng.uniform(0.03, 0.05)}
    wavy = rng.uniform(0, 0.035) if happens(rng, 0.5) else 0.0
    fringe = {"fringe": 1.0, "crop": rng.uniform(0, 1.0), "bob": float(happens(rng, 0.4))}
    return Hair(
        style=style,
        color=dye if dyed else natural,
        natural=natural,
        grey=0.0 if dyed else greying,
        length=rng.uniform(*LENGTHS[style]),
        volume=rng.uniform(*VOLUMES[style]),
        curl=curls.get(style, wavy),
        part=float(rng.choice([-1, 1]) * rng.uniform(0.05, 0.45)) * happens(rng, 0.75),
        fringe=fringe.get(style, 0.0),
        hairline=rng.uniform(-0.1, 0.08) + 0.12 * loss,
        recession=rng.uniform(0, 0.25) + 0.9 * loss if gender == "male" else rng.uniform(0, 0.15),
        crown=float(np.clip(1.6 * (loss - 0.45), 0, 1)),
    )
