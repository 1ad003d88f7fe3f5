"""How much of a face a photograph really has, and by which scale factor it may be restored.

A face of many pixels may be blurred or may have been enlarged: what counts is the side of the
smallest copy from which it can be had again.
"""

import math
from typing import get_args

import numpy as np
from jaxtyping import Float, UInt8

from idfsr.config.types import ScaleFactor
from idfsr.faces.align import BORDER_FFHQ, ffhq_matrix, warp_image
from idfsr.io.images import resize

MAX_SIDE = 512
"""Of the crop that is looked at, in pixels: no network here gives more."""
STEP = 2**0.5
"""Between the sides that are tried."""
LOST = 0.1
"""A copy is as good as the face if less is lost in it than this share of the energy of the octave
below. So chosen, 15 sharp photographs of 4 people have all of their side, and the same made small
by 2, 4 or 8 and enlarged again 0.9 to 1.5 times the side that they have (benchmarks/detail.py)."""
MIN_SIDE = 4
"""Smallest that is told, in pixels."""
TOLERANCE = 1.1
"""Times the side that a network is shown, which a face may have and still be taken."""


def ffhq_side(landmarks: Float[np.ndarray, "5 2"]) -> float:
    """Return the side of the FFHQ crop of a face, in pixels of the photograph."""
    matrix = ffhq_matrix(landmarks, MAX_SIDE)
    return float(MAX_SIDE / np.sqrt(np.linalg.det(matrix[:, :2])))


def lost_energy(image: UInt8[np.ndarray, "S S 3"], side: int) -> float:
    """Return the mean square of what the middle of an image loses in a copy of a smaller side."""
    size = len(image)
    copy = resize(resize(image, (side, side), "bicubic"), (size, size), "bicubic")
    middle = slice(size // 4, size - size // 4)
    difference = image.astype(np.float32).mean(axis=2) - copy.mean(axis=2)
    return float(np.square(difference[middle, middle]).mean())


def measure_side(
    photograph: UInt8[np.ndarray, "H W 3"], landmarks: Float[np.ndarray, "5 2"]
) -> float:
    """Return the side of the FFHQ crop of a face, in pixels that really show something.

    Args:
        photograph: RGB.
        landmarks: Of the face, (x, y) in pixels.

    Returns:
        At most the side that it has in the photograph, and at most `MAX_SIDE`.
    """
    side = min(ffhq_side(landmarks), float(MAX_SIDE))
    size = max(MIN_SIDE, round(side))
    crop = warp_image(photograph, ffhq_matrix(landmarks, size), size, BORDER_FFHQ)
    num_steps = max(0, math.floor(math.log(side / MIN_SIDE, STEP)))
    for step in range(num_steps, 0, -1):
        smaller = side / STEP**step
        lost = lost_energy(crop, round(smaller))
        if lost < LOST * (lost_energy(crop, round(smaller / 2)) - lost):
            return smaller
    return side


def choose_scale(side: float, image_size: int) -> ScaleFactor | None:
    """Return the largest scale factor at which nothing of a face is thrown away.

    Args:
        side: From `measure_side`.
        image_size: Of the network, in pixels.

    Returns:
        None for a face that has more detail than any of them leaves.
    """
    fitting = [
        factor for factor in get_args(ScaleFactor) if side <= TOLERANCE * image_size / factor
    ]
    return max(fitting) if fitting else None
