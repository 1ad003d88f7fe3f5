"""How much two images differ outside the masked face, and inside it."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8


def squared_differences(
    first: UInt8[np.ndarray, "H W 3"], second: UInt8[np.ndarray, "H W 3"], box: Sequence[int]
) -> tuple[float, float]:
    """Return the mean squared differences, of values in [0, 1], outside a box and inside it.

    Args:
        first: RGB.
        second: RGB.
        box: (x0, y0, x1, y1) in pixels, half-open.

    Returns:
        NaN for a side without a pixel.
    """
    x0, y0, x1, y1 = box
    inside = np.zeros(first.shape[:2], dtype=bool)
    inside[y0:y1, x0:x1] = True
    squares = ((first.astype(np.float64) - second) / 255) ** 2
    outer, inner = (
        float(squares[region].mean()) if region.any() else math.nan for region in (~inside, inside)
    )
    return outer, inner


def to_psnr(squared: float) -> float:
    """Return PSNR in dB of a mean squared difference of values in [0, 1]."""
    return math.inf if squared == 0 else -10 * math.log10(squared)
