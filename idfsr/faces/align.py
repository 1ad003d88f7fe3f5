"""Maps between sets of landmarks, and crops in which the landmarks have their standard places.

IDFSR, "Landmark Detection and Warping". Points and matrices speak of (x, y) with (0, 0) at the
corner of the image, so a map to a copy of another size is a pure scaling; OpenCV puts (0, 0) into
the centre of the first pixel, and `warp_image` and `add_inside_mask` are where the two meet.
"""

import math

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from idfsr.constants import ARCFACE_LANDMARKS_112, ARCFACE_SIZE, FFHQ_LANDMARKS_512

MAX_CONDITION = 10.0
"""Largest ratio of the extents of five landmarks along and across their main direction for which
six numbers are fitted to them; frontal faces have about 1.2, profiles more."""

MAX_STRETCH = 4.0
"""Largest ratio of the scales of an affine map along its two main directions; a head turned from
the camera by 75 degrees has that of a frontal one."""

BORDER_FFHQ = (132, 133, 135)
"""RGB grey beyond the photograph in FFHQ crops, as in facexlib."""

BORDER_BLACK = (0, 0, 0)


def fit_similarity(
    src: Float[np.ndarray, "N 2"], dst: Float[np.ndarray, "N 2"]
) -> Float[np.ndarray, "2 3"]:
    """Fit rotation, scale and translation by least squares; never a reflection.

    Umeyama (1991), Eq. 40 to 43, which in the plane is a regression in complex numbers.

    Convention: the matrix maps src to dst: [x', y'] = M @ [x, y, 1].

    Args:
        src: (x, y) of at least two different points.
        dst: Where they are to go.

    Raises:
        ValueError: All points of src coincide.
    """
    src_mean, dst_mean = src.mean(axis=0), dst.mean(axis=0)
    p, q = ((points - mean) @ [1, 1j] for points, mean in ((src, src_mean), (dst, dst_mean)))
    spread = np.vdot(p, p).real
    if spread == 0:
        message = f"{len(src)} points at the same place, wanted at least two places"
        raise ValueError(message)
    factor = np.vdot(p, q) / spread
    linear = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    return np.column_stack((linear, dst_mean - linear @ src_mean))


def fit_affine(
    src: Float[np.ndarray, "N 2"], dst: Float[np.ndarray, "N 2"]
) -> tuple[Float[np.ndarray, "2 3"], bool]:
    """Fit an affine map by least squares, or a similarity where it would be ill-conditioned.

    The paper says "affine transformation based on the detected landmarks". Five points near a line
    (a profile, a failed detection) leave the map across the line to chance, and a map that mirrors
    a face or stretches it beyond `MAX_STRETCH` comes from wrong landmarks: then a similarity takes
    its place (docs/decisions/0018).

    Convention: the matrix maps src to dst: [x', y'] = M @ [x, y, 1].

    Args:
        src: (x, y) of at least three points.
        dst: Where they are to go.

    Returns:
        The matrix, and whether it is the affine one.

    Raises:
        ValueError: All points of src coincide.
    """
    centred = src - src.mean(axis=0)
    extents = np.linalg.svd(centred, compute_uv=False)
    if extents[1] * MAX_CONDITION < extents[0] or extents[0] == 0:
        return fit_similarity(src, dst), False
    linear = np.linalg.lstsq(centred, dst - dst.mean(axis=0), rcond=None)[0].T
    scales = np.linalg.svd(linear, compute_uv=False)
    if np.linalg.det(linear) <= 0 or scales[1] * MAX_STRETCH < scales[0]:
        return fit_similarity(src, dst), False
    return np.column_stack((linear, dst.mean(axis=0) - linear @ src.mean(axis=0))), True


def transform(
    matrix: Float[np.ndarray, "2 3"], points: Float[np.ndarray, "*N 2"]
) -> Float[np.ndarray, "*N 2"]:
    """Map points (x, y): [x', y'] = M @ [x, y, 1]."""
    mapped: Float[np.ndarray, "*N 2"] = points @ matrix[:, :2].T + matrix[:, 2]
    return mapped


def warp_image(
    image: UInt8[np.ndarray, "H W 3"],
    matrix: Float[np.ndarray, "2 3"],
    size: int,
    border: tuple[int, int, int],
) -> UInt8[np.ndarray, "size size 3"]:
    """Resample an image under an affine map, bilinearly, without aliasing.

    Where the map makes the image smaller by f, a copy larger by ceil(f) is averaged over squares:
    of a 4000 px photograph a small crop would otherwise show scattered pixels.

    Convention: the matrix maps (x, y) of the image to (x, y) of the result, (0, 0) is the corner
    of the image and the centre of its first pixel is (0.5, 0.5); as torch's align_corners=False.

    Args:
        image: RGB.
        matrix: Of non-zero determinant.
        size: Side of the result in pixels.
        border: Colour beyond the image.
    """
    smallest = np.linalg.svd(matrix[:, :2], compute_uv=False)[1]
    factor = max(1, math.ceil(1 / smallest - 1e-6))
    enlarged = factor * matrix
    # Pixel centres stand at (0.5, 0.5) here and at (0, 0) in OpenCV.
    enlarged[:, 2] += 0.5 * enlarged[:, :2].sum(axis=1) - 0.5
    side = factor * size
    warped = cv2.warpAffine(
        image, enlarged, (side, side), flags=cv2.INTER_LINEAR, borderValue=border
    )
    averaged: UInt8[np.ndarray, "size size 3"] = cv2.resize(
        warped, (size, size), interpolation=cv2.INTER_AREA
    )
    return averaged


def ffhq_matrix(landmarks: Float[np.ndarray, "5 2"], size: int) -> Float[np.ndarray, "2 3"]:
    """Return the map from a photograph to its FFHQ crop.

    Convention: from (x, y) of the photograph to (x, y) of the crop; see `warp_image`.

    Args:
        landmarks: Of the face, (x, y) in pixels of the photograph.
        size: Side of the crop in pixels.
    """
    template = np.array(FFHQ_LANDMARKS_512) * (size / 512)
    return fit_similarity(landmarks.astype(np.float64), template)


def align_ffhq(
    image: UInt8[np.ndarray, "H W 3"], landmarks: Float[np.ndarray, "5 2"], size: int
) -> tuple[UInt8[np.ndarray, "size size 3"], Float[np.ndarray, "2 3"]]:
    """Cut a face out of a photograph as FFHQ does, by five landmarks.

    Args:
        image: RGB, in full resolution.
        landmarks: Of the face, (x, y) in pixels of the image.
        size: Side of the crop in pixels.

    Returns:
        The crop, and the matrix that maps (x, y) of the image to (x, y) of the crop.
    """
    matrix = ffhq_matrix(landmarks, size)
    return warp_image(image, matrix, size, BORDER_FFHQ), matrix


def align_arcface(
    image: UInt8[np.ndarray, "H W 3"], landmarks: Float[np.ndarray, "5 2"]
) -> UInt8[np.ndarray, "112 112 3"]:
    """Cut a face out of a photograph as ArcFace takes it (Deng et al. 2019; insightface).

    Args:
        image: RGB, in full resolution.
        landmarks: Of the face, (x, y) in pixels of the image.
    """
    matrix = fit_similarity(landmarks.astype(np.float64), np.array(ARCFACE_LANDMARKS_112))
    return warp_image(image, matrix, ARCFACE_SIZE, BORDER_BLACK)
