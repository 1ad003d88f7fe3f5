"""Putting a restored face back into its photograph."""

import math

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from idfsr.faces.align import transform

FEATHER = 0.125
"""Width of the soft edge of a pasted image, as a share of its side: outside of the face."""


def soft_edges(size: int) -> Float[np.ndarray, "size size"]:
    """Return weights in [0, 1]: 1 inside, falling to 0 at the edges."""
    places = np.arange(size) + 0.5
    ramp = (np.minimum(places, size - places) / (FEATHER * size)).clip(0, 1)
    return np.outer(ramp, ramp).astype(np.float32)


def paste_back(
    photograph: UInt8[np.ndarray, "H W 3"],
    face: UInt8[np.ndarray, "S S 3"],
    matrix: Float[np.ndarray, "2 3"],
) -> UInt8[np.ndarray, "H W 3"]:
    """Lay an aligned image over the place in a photograph that it shows, with soft edges.

    Convention: the matrix maps (x, y) of the photograph to (x, y) of the aligned image, as
    `align_ffhq` returns it; (0, 0) is the corner of each.

    Args:
        photograph: RGB.
        face: RGB.
        matrix: A similarity.

    Returns:
        A copy of the photograph.
    """
    size = len(face)
    inverse = cv2.invertAffineTransform(matrix)
    shrink = max(1, round(1 / math.sqrt(abs(np.linalg.det(inverse[:, :2])))))
    if shrink > 1:  # else some pixels of the face would be skipped
        side = math.ceil(size / shrink)
        face = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
        inverse[:, :2] *= size / side
        size = side
    corners = transform(inverse, np.array([(0, 0), (size, 0), (size, size), (0, size)], float))
    height, width, _ = photograph.shape
    x0, y0 = np.floor(corners.min(axis=0)).astype(int).clip(0, (width, height))
    x1, y1 = np.ceil(corners.max(axis=0)).astype(int).clip(0, (width, height))
    pasted = photograph.copy()
    if x1 <= x0 or y1 <= y0:
        return pasted
    # Pixel centres stand at (0.5, 0.5) here and at (0, 0) in OpenCV.
    inverse[:, 2] += 0.5 * inverse[:, :2].sum(axis=1) - 0.5 - (x0, y0)
    area = (int(x1 - x0), int(y1 - y0))
    colours = cv2.warpAffine(
        face.astype(np.float32), inverse, area, borderMode=cv2.BORDER_REPLICATE
    )
    weights = cv2.warpAffine(soft_edges(size), inverse, area)[..., None]
    old = pasted[y0:y1, x0:x1].astype(np.float32)
    pasted[y0:y1, x0:x1] = np.rint(old + weights * (colours - old)).clip(0, 255).astype(np.uint8)
    return pasted
