"""Colours of skin and lips: the ten tones of the Monk Skin Tone scale, and what varies about them.

The tones are colours as they are shown, not what skin reflects: `reflectance` turns one into the
other, and `tests/synthref/test_tones.py` measures rendered faces.
"""

from typing import Final

import numpy as np
from jaxtyping import Float
from skimage.color import lab2rgb, rgb2lab

from idfsr.synthref.color import to_linear

MONK_TONES: Final = (
    (246, 237, 228), (243, 231, 219), (247, 234, 208), (234, 218, 186), (215, 189, 150),
    (160, 126, 86), (130, 92, 67), (96, 65, 52), (58, 49, 42), (41, 36, 32),
)  # fmt: skip
"""sRGB of the Monk Skin Tone scale (Ellis Monk with Google, 2022), from the lightest."""

TONE_SHARES: Final = (0.04, 0.06, 0.1, 0.14, 0.15, 0.14, 0.13, 0.12, 0.08, 0.04)

LEANINGS: Final = (
    (-2.0, 1.4, 0.4), (-2.6, 1.9, 1.2), (-2.6, 2.2, 0.4), (-2.2, 2.6, 0.0), (0.2, 2.9, -1.0),
    (1.0, 3.3, -1.2), (1.2, 3.0, -1.0), (0.8, 2.4, 1.0), (2.4, 2.4, 2.0), (1.6, 1.8, 1.6),
)  # fmt: skip
"""Mean of people about each tone in CIELAB: skin is a little redder than the swatches."""

UNDERTONE: Final = (0.5, 0.5, 1.0)
"""Standard deviation in CIELAB: lightness, from greenish to rosy, from cool to golden."""

LEVEL: Final = (0.985, 0.895, 0.9)
GLARE: Final = (0.0017, 0.0017, 0.0015)
"""Linear light of `pose.neutral_photo` from skin that reflects all, which shows less of green and
blue where blood shows through, and from the highlight that lies over it; measured on faces."""

DARKEST = 0.006
"""What the darkest skin reflects."""

MADE_UP_SHARE = 1 / 3
"""Of women."""


def depth(tone: int) -> float:
    """Return how dark a tone (0 to 9) is, in [0, 1]."""
    return tone / (len(MONK_TONES) - 1)


def to_lab(srgb: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3"]:
    """Turn sRGB in [0, 255] into CIELAB (D65)."""
    return np.asarray(rgb2lab(np.asarray(srgb, np.float64) / 255), np.float64)


def from_lab(lab: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3"]:
    """Turn CIELAB (D65) into sRGB in [0, 255]."""
    return np.asarray(255 * lab2rgb(lab), np.float64)


def sample_color(rng: np.random.Generator, tone: int) -> Float[np.ndarray, "3"]:
    """Draw the skin of a person of a tone (0 to 9) as it is shown, sRGB in [0, 255]."""
    undertone = np.clip(rng.normal(0, 1, 3), -1.7, 1.7) * UNDERTONE
    return from_lab(to_lab(np.array(MONK_TONES[tone], np.float64)) + LEANINGS[tone] + undertone)


def sample_lips(
    rng: np.random.Generator, skin: Float[np.ndarray, "3"], paint: float
) -> Float[np.ndarray, "3"]:
    """Draw the lips of a person as they are shown, sRGB in [0, 255].

    Lips are redder and less yellow than the skin beside them, and darker unless it is dark
    (914 women, measured by Baras and others for L'Oreal: hue, lightness, no change of chroma).

    Args:
        rng: The person's stream.
        skin: Its colour.
        paint: How thick they wear lipstick, of a muted colour; 0 none, 1 at most.
    """
    lightness, red, yellow = to_lab(skin)
    light = float(np.clip((lightness - 20) / 60, 0, 1))
    shift = np.array([1 - 18 * light, 4 + 9 * light, -3 * light])
    lips = np.array([lightness, red, yellow]) + shift * rng.uniform(0.75, 1.2)
    muted = np.array([-9 * light, 2 + 10 * light, rng.uniform(-2, 2)])
    return from_lab(lips + paint * muted)


def reflectance(shown: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3"]:
    """Return what skin reflects (linear RGB) so that `pose.neutral_photo` shows an sRGB colour."""
    return np.asarray(np.maximum((to_linear(shown) - GLARE) / LEVEL, DARKEST))
