"""Bringing the reference's face onto the target's (IDFSR, "Landmark Detection and Warping")."""

import numpy as np
from jaxtyping import Float, UInt8

from idfsr.faces.align import BORDER_BLACK, fit_affine, fit_similarity, transform, warp_image


def warp_reference(
    ref_image: UInt8[np.ndarray, "H W 3"],
    ref_landmarks: Float[np.ndarray, "5 2"],
    target_landmarks: Float[np.ndarray, "5 2"],
    size: int,
) -> tuple[UInt8[np.ndarray, "size size 3"], Float[np.ndarray, "2 3"], bool]:
    """Warp a whole reference image so that its landmarks fall on the target's.

    Least squares over the five pairs, bilinear, black beyond the image.

    Convention: the matrix maps (x, y) of the reference to (x, y) of the target, (0, 0) is the
    corner of the image and the centre of its first pixel is (0.5, 0.5).

    Args:
        ref_image: RGB.
        ref_landmarks: (x, y) in pixels of the reference image.
        target_landmarks: (x, y) in pixels of the target image.
        size: Side of the target image in pixels.

    Returns:
        warped_ref, the matrix, and whether it is the affine one; see `fit_affine`.

    Raises:
        ValueError: The landmarks of one of the two images all coincide.
    """
    matrix, well_conditioned = fit_affine(
        ref_landmarks.astype(np.float64), target_landmarks.astype(np.float64)
    )
    return warp_image(ref_image, matrix, size, BORDER_BLACK), matrix, well_conditioned


def landmark_distance(
    ref_landmarks: Float[np.ndarray, "5 2"], target_landmarks: Float[np.ndarray, "5 2"]
) -> float:
    """Say how far the pose and the expression of two faces are apart.

    Root mean square distance of the five points once the reference's are brought onto the target's
    by a similarity, so that place, size and tilt do not count; in pixels of the target.

    Args:
        ref_landmarks: (x, y) of a reference.
        target_landmarks: (x, y) of the target.
    """
    reference, target = ref_landmarks.astype(np.float64), target_landmarks.astype(np.float64)
    moved = transform(fit_similarity(reference, target), reference)
    return float(np.sqrt(np.square(moved - target).sum(axis=1).mean()))
