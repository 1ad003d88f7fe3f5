"""What ASFFNet and DMDNet compute from the 68 landmarks of a face (iBUG 300-W's order).

Convention: (x, y) in pixels of the face; jaw 0 to 16, brows to 26, nose to 35, eyes to 47, mouth to
67, each from the viewer's left. Lengths are those of the published programs, which see faces of 512
px, and shrink with the face.
"""

from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int

PUBLISHED_SIZE: Final = 512
"""Side in pixels of the faces that the published networks see."""
FIRST_INNER: Final = 17
"""First landmark that is not the jaw's: the jaw guides nothing."""

LEFT_BROW, RIGHT_BROW = slice(17, 22), slice(22, 27)
LEFT_EYE, RIGHT_EYE = slice(36, 42), slice(42, 48)
MOUTH = slice(48, 68)

EYES_WEIGHT: Final = 1.01
MOUTH_WEIGHT: Final = 1.49
"""Of the residuals in the distance of a reference (the public program of ASFFNet)."""

_MASK_MARGIN = 3
_NEAREST, _FARTHEST = 8, 504
_MOUTH_END = 510
_SMALLEST_MOUTH = 32


def _residual(src: Float[np.ndarray, "N 2"], dst: Float[np.ndarray, "N 2"]) -> float:
    design = np.column_stack([src, np.ones(len(src))])
    fitted = design @ np.linalg.lstsq(design, dst, rcond=None)[0]
    return float(np.linalg.norm(fitted - dst))


def reference_distance(
    landmarks: Float[np.ndarray, "68 2"], reference: Float[np.ndarray, "68 2"]
) -> float:
    """Say how badly a reference's pose and expression fit a face; ASFFNet takes the least.

    What two affine maps from the reference to the face leave, one of brows and eyes, one of the
    mouth, with the public program's weights.
    """
    eyes = np.r_[LEFT_BROW, RIGHT_BROW, LEFT_EYE, RIGHT_EYE]
    return EYES_WEIGHT * _residual(reference[eyes], landmarks[eyes]) + MOUTH_WEIGHT * _residual(
        reference[MOUTH], landmarks[MOUTH]
    )


def choose_reference(
    landmarks: Float[np.ndarray, "68 2"], references: Float[np.ndarray, "K 68 2"]
) -> int:
    """Return the reference that fits best; one without landmarks never does."""
    distances = [
        reference_distance(landmarks, points) if np.isfinite(points).all() else np.inf
        for points in references
    ]
    return int(np.argmin(distances))


def landmark_mask(landmarks: Float[np.ndarray, "68 2"], image_size: int) -> Bool[np.ndarray, "S S"]:
    """Mark squares around the landmarks inside of the jaw (Li et al. 2020).

    A square reaches from 3 pixels of 512 before to 3 after its landmark, but from one at least. One
    that would begin outside of the image is left out, as is that of a landmark in the last two
    pixels.
    """
    margin = max(1, round(_MASK_MARGIN * image_size / PUBLISHED_SIZE))
    mask = np.zeros((image_size, image_size), bool)
    for point in landmarks[FIRST_INNER:]:
        x, y = np.floor(point).astype(int)
        if point.min() >= margin and point.max() < image_size - 2:
            end_x, end_y = np.ceil(point).astype(int) + margin
            mask[y - margin : end_y, x - margin : end_x] = True
    return mask


def component_boxes(
    landmarks: Float[np.ndarray, "68 2"], image_size: int
) -> Int[np.ndarray, "3 4"]:
    """Return the boxes of left eye, right eye and mouth for DMDNet (Li et al. 2022).

    An eye's box reaches from above the brow, a mouth's is a square.

    Convention: (x0, y0, x1, y1) in pixels, half-open.
    """
    scale = image_size / PUBLISHED_SIZE
    points = (landmarks / scale).clip(_NEAREST, _FARTHEST)
    eyes = [
        _eye_box(points[eye], points[brow])
        for eye, brow in ((LEFT_EYE, LEFT_BROW), (RIGHT_EYE, RIGHT_BROW))
    ]
    mouth = points[MOUTH]
    reach = 1.1 * max(np.ptp(mouth, axis=0).max(), _SMALLEST_MOUTH) / 2
    middle = mouth.mean(axis=0)
    mouth_box = np.r_[middle - reach + 1, np.minimum(middle + reach, _MOUTH_END)]
    return (scale * np.stack([*eyes, mouth_box])).astype(int)


def _eye_box(
    eye: Float[np.ndarray, "6 2"], brow: Float[np.ndarray, "5 2"]
) -> Float[np.ndarray, "4"]:
    x, y = eye.mean(axis=0)
    above = 1.3 * (y - min(eye[:, 1].min(), brow[:, 1].min()))
    below = above / 1.9
    half = (above + below) / 2
    return np.array([x - half + 1, y - above + 1, x + half, y + below])


def boxes_are_inside(boxes: Int[np.ndarray, "3 4"], image_size: int, coarsest_stride: int) -> bool:
    """Say whether every box is inside of the image and has a pixel of the coarsest features.

    Others have no features to cut out: such landmarks are wrong.
    """
    cells = boxes // coarsest_stride
    within = boxes.min() >= 0 and boxes.max() <= image_size
    return bool(within and (cells[:, 2:] > cells[:, :2]).all())
