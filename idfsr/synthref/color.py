"""Between sRGB and linear light: colours mix and are lit in linear light, and are shown in sRGB."""

import numpy as np
from jaxtyping import Float

LINEAR_BELOW_SRGB, LINEAR_BELOW = 0.04045, 0.0031308
"""Where the straight piece of the curve ends (IEC 61966-2-1)."""


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
