"""What hair somebody has: style, colour and the numbers that shape its strands."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from idfsr.synthref.chance import happens

COLORS: Final = {
    "black": (26, 22, 21),
    "dark": (46, 33, 26),
    "brown": (80, 56, 40),
    "chestnut": (98, 62, 42),
    "blond": (158, 128, 90),
    "fair": (184, 160, 122),
    "red": (112, 64, 42),
}
"""sRGB hair colours."""

FAIR_SHARES: Final = (0.14, 0.24, 0.24, 0.12, 0.13, 0.08, 0.05)
DARK_SHARES: Final = (0.82, 0.18, 0.0, 0.0, 0.0, 0.0, 0.0)
"""Of the colours, with the lightest and with the darkest skin: pigment is one."""
DARK_DEPTH = 0.65
"""Depth of the skin from which on the latter count alone."""

DYES: Final = (
    (88, 46, 40), (112, 64, 44), (158, 130, 96), (138, 108, 76), (92, 62, 44), (62, 44, 34),
    (104, 76, 56), (36, 29, 27),
)  # fmt: skip
"""sRGB colours that women dye their hair."""

STYLES: Final = {
    "male": ("bald", "buzz", "crop", "side", "slick", "curly", "afro", "long"),
    "female": ("buzz", "side", "bob", "long", "curly", "afro", "bun", "fringe"),
}

STYLE_SHARES: Final = {
    ("male", "straight"): (0.1, 0.12, 0.25, 0.26, 0.12, 0.08, 0.01, 0.06),
    ("male", "coiled"): (0.14, 0.38, 0.1, 0.02, 0.04, 0.14, 0.16, 0.02),
    ("female", "straight"): (0.01, 0.1, 0.21, 0.25, 0.1, 0.01, 0.15, 0.17),
    ("female", "coiled"): (0.1, 0.02, 0.1, 0.1, 0.26, 0.24, 0.18, 0.0),
}
"""Of the styles, for hair that is straight or wavy and for hair that coils."""


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


def sample_hair(rng: np.random.Generator, depth: float, gender: str, age_years: float) -> Hair:
    """Draw hair.

    Args:
        rng: The person's stream.
        depth: How dark the skin is, in [0, 1]: dark hair and coils are the more frequent for it.
        gender: Of the person.
        age_years: Likewise.
    """
    kind = "coiled" if happens(rng, 0.06 + 0.6 * depth**2) else "straight"
    style = str(rng.choice(STYLES[gender], p=STYLE_SHARES[gender, kind]))
    dark = min(1.0, depth / DARK_DEPTH)
    shares = (1 - dark) * np.array(FAIR_SHARES) + dark * np.array(DARK_SHARES)
    color = np.array(COLORS[str(rng.choice(list(COLORS), p=shares))], np.float64)
    greying = float(np.clip((age_years - rng.uniform(42, 66)) / 26, 0, 1))
    natural = np.clip(color * rng.uniform(0.85, 1.2), 12, 220)
    dyed = gender == "female" and happens(rng, 0.08 + 0.4 * greying)
    dye = np.array(DYES[int(rng.integers(len(DYES)))], np.float64)
    dye = (1 - 0.8 * dark) * dye + 0.8 * dark * natural
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
        hairline=rng.uniform(-0.15, 0.02) + 0.12 * loss,
        recession=rng.uniform(0, 0.25) + 0.9 * loss if gender == "male" else rng.uniform(0, 0.15),
        crown=float(np.clip(1.6 * (loss - 0.45), 0, 1)),
    )
