"""The mask over the face in the low-resolution image (the paper, "Corrupted ID Masking").

The paper masks "the facial region" and does not say its shape. Ours is the box that RetinaFace
draws around an upright face, placed by the five landmarks and snapped to the pixels of the
low-resolution image, so that no such pixel is masked in part (docs/decisions/0015).
"""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from idfsr.constants import FFHQ_LANDMARKS_512
from idfsr.faces.align import fit_similarity, transform
from idfsr.io.degradation import MASK_VALUE

FACE_BOX_512 = (120.0, 86.0, 390.0, 472.0)
"""(x0, y0, x1, y1) of a face in an FFHQ-aligned image of 512 px: the mean of RetinaFace's boxes on
25 aligned photographs of 9 people, whose edges vary by 12 to 22 px."""


def face_box(
    landmarks: Float[np.ndarray, "5 2"], image_size: int, scale_factor: int
) -> tuple[int, int, int, int]:
    """Return the box over a face, on the grid of the low-resolution pixels.

    Each edge goes to the nearest line of the grid. Outwards would be safer, but of 4x4
    low-resolution pixels of an aligned face it would leave none.

    Convention: (x0, y0, x1, y1) in pixels of the full-size image, half-open: column x0 is masked,
    column x1 is not.

    Args:
        landmarks: (x, y) in pixels of the full-size image.
        image_size: Its side in pixels, a multiple of scale_factor.
        scale_factor: Side of a low-resolution pixel in its pixels.

    Returns:
        A box inside the image that holds at least one low-resolution pixel.
    """
    matrix = fit_similarity(np.array(FFHQ_LANDMARKS_512), landmarks.astype(np.float64))
    x0, y0, x1, y1 = FACE_BOX_512
    corners = transform(matrix, np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]))
    cells = image_size // scale_factor
    low = np.rint(corners.min(axis=0) / scale_factor).clip(0, cells - 1)
    high = np.rint(corners.max(axis=0) / scale_factor).clip(low + 1, cells)
    left, top, right, bottom = (int(edge) * scale_factor for edge in (*low, *high))
    return left, top, right, bottom


def mask_face(
    images: Float[Tensor, "B C H W"], boxes: Int[Tensor, "B 4"]
) -> Float[Tensor, "B C H W"]:
    """Fill a box in each image of a batch with grey, 0 in [-1, 1].

    Convention: boxes are (x0, y0, x1, y1) in pixels, half-open.

    Args:
        images: In [-1, 1].
        boxes: One for each image; what lies outside the image is ignored.
    """
    height, width = images.shape[-2:]
    x = torch.arange(width, device=images.device)
    y = torch.arange(height, device=images.device)[:, None]
    x0, y0, x1, y1 = boxes.to(images.device)[:, :, None, None].unbind(dim=1)
    inside = (x >= x0) & (x < x1) & (y >= y0) & (y < y1)
    return images.masked_fill(inside[:, None], MASK_VALUE)
