"""Between sRGB and linear light, and the colours of lamps and of daylight.

Colours mix and are lit in linear light, and are shown in sRGB.
"""

import numpy as np
from jaxtyping import Float

LINEAR_BELOW_SRGB, LINEAR_BELOW = 0.04045, 0.0031308
"""Where the straight piece of the curve ends (IEC 61966-2-1)."""

LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Of linear sRGB (IEC 61966-2-1)."""
SRGB_FROM_XYZ = ((3.2406, -1.5372, -0.4986), (-0.9689, 1.8758, 0.0415), (0.0557, -0.2040, 1.0570))
"""From CIE XYZ to linear sRGB (IEC 61966-2-1)."""
LEAST_CHANNEL = 0.02
"""Colours of lamps that sRGB cannot show are moved inside: no channel is smaller."""


def to_linear(srgb: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Turn sRGB in [0, 255] into linear light in [0, 1] (IEC 61966-2-1)."""
    value = np.asarray(srgb, np.float64) / 255
    low = value / 12.92
    return np.asarray(np.where(value <= LINEAR_BELOW_SRGB, low, ((value + 0.055) / 1.055) ** 2.4))


def to_srgb(linear: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Turn linear light in [0, 1] into sRGB in [0, 255] (IEC 61966-2-1)."""
    value = np.clip(linear, 0, 1)
    high = 1.055 * value ** (1 / 2.4) - 0.055
    return np.asarray(255 * np.where(value <= LINEAR_BELOW, 12.92 * value, high))


def black_body(kelvin: float) -> tuple[float, float]:
    """Return the CIE 1931 chromaticity (x, y) of a black body.

    Krystek (1985), rational approximation in CIE 1960 (u, v).

    Args:
        kelvin: 1,000 to 15,000.
    """
    t = kelvin
    u = (0.860117757 + 1.54118254e-4 * t + 1.28641212e-7 * t * t) / (
        1 + 8.42420235e-4 * t + 7.08145163e-7 * t * t
    )
    v = (0.317398726 + 4.22806245e-5 * t + 4.20481691e-8 * t * t) / (
        1 - 2.89741816e-5 * t + 1.61456053e-7 * t * t
    )
    scale = 2 * u - 8 * v + 4
    return 3 * u / scale, 2 * v / scale


def daylight(kelvin: float) -> tuple[float, float]:
    """Return the CIE 1931 chromaticity (x, y) of a phase of daylight (CIE 15:2004, Eq. 3.3, 3.4).

    Args:
        kelvin: 4,000 to 25,000.
    """
    t = 1e3 / kelvin
    if kelvin <= 7000:  # noqa: PLR2004 (CIE 15 gives one polynomial to each side)
        x = -4.6070 * t**3 + 2.9678 * t**2 + 0.09911 * t + 0.244063
    else:
        x = -2.0064 * t**3 + 1.9018 * t**2 + 0.24748 * t + 0.237040
    return x, -3 * x * x + 2.87 * x - 0.275


def light_color(chromaticity: tuple[float, float]) -> Float[np.ndarray, "3"]:
    """Return linear sRGB of luminance 1 of a CIE 1931 chromaticity (x, y)."""
    x, y = chromaticity
    rgb = np.array(SRGB_FROM_XYZ) @ np.array([x / y, 1, (1 - x - y) / y])
    rgb = np.maximum(rgb, LEAST_CHANNEL)
    return np.asarray(rgb / (rgb @ np.array(LUMINANCE)))
