"""From the 68 landmarks of a batch to what ASFFNet and DMDNet take."""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from idfsr.faces.landmarks68 import FIRST_INNER, component_boxes, landmark_mask
from idfsr.faces.mls import mls_grid
from idfsr.models.asffnet import FEATURE_STRIDE


def mask_and_grid(
    landmarks: Float[Tensor, "B 68 2"], references: Float[Tensor, "B 68 2"], image_size: int
) -> tuple[Float[Tensor, "B 1 S S"], Float[Tensor, "B s s 2"]]:
    """Return where ASFFNet looks for the reference, and how that moves onto the face.

    Args:
        landmarks: Of faces, (x, y) in pixels.
        references: Of a reference of each, likewise.
        image_size: Side S of both.

    Returns:
        Mask and grid of `ASFFNet.forward`, on the device of the landmarks.
    """
    masks = np.stack([landmark_mask(points, image_size) for points in landmarks.cpu().numpy()])
    grid = mls_grid(
        references[:, FIRST_INNER:] / FEATURE_STRIDE,
        landmarks[:, FIRST_INNER:] / FEATURE_STRIDE,
        image_size // FEATURE_STRIDE,
    )
    return torch.from_numpy(masks)[:, None].float().to(landmarks.device), grid


def stack_boxes(landmarks: Float[Tensor, "B 68 2"], image_size: int) -> Int[Tensor, "B 3 4"]:
    """Return the boxes of the components of faces; see `component_boxes`."""
    boxes = [component_boxes(points, image_size) for points in landmarks.cpu().numpy()]
    return torch.from_numpy(np.stack(boxes))
