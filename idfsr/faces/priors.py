"""Priors of RetinaFace and the code in which its heads speak about them.

A prior is a square at a place of a feature map. A box is coded as its centre and logarithm of its
size relative to a prior, a landmark as its offset (Liu et al. 2016, SSD, section 2.2; the variances
are those of the public RetinaFace).
"""

from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

STRIDES = (8, 16, 32)
"""Pixels between the places of each feature map."""

PRIOR_SIZES = ((16, 32), (64, 128), (256, 512))
"""Sides of the two priors at each place of each feature map, in pixels."""

CENTRE_VARIANCE = 0.1
SIZE_VARIANCE = 0.2


@cache
def build_priors(height: int, width: int, device: torch.device) -> Float[Tensor, "P 4"]:
    """List the priors of an image in the order of the heads: level, row, column, size.

    Convention: (centre x, centre y, width, height) in pixels; (0, 0) is the corner of the image,
    the centre of its first pixel is (0.5, 0.5).

    Args:
        height: Of the image, in pixels.
        width: Of the image, in pixels.
        device: Where to put them.
    """
    levels = []
    for stride, sizes in zip(STRIDES, PRIOR_SIZES, strict=True):
        rows = (torch.arange(-(-height // stride)) + 0.5) * stride
        columns = (torch.arange(-(-width // stride)) + 0.5) * stride
        cy, cx, side = torch.meshgrid(
            rows, columns, torch.tensor(sizes, dtype=torch.float32), indexing="ij"
        )
        levels.append(torch.stack((cx, cy, side, side), dim=-1).reshape(-1, 4))
    return torch.cat(levels).to(device)


def decode_boxes(
    code: Float[Tensor, "*B P 4"], priors: Float[Tensor, "P 4"]
) -> Float[Tensor, "*B P 4"]:
    """Turn the boxes of a head into (x0, y0, x1, y1) in pixels."""
    centres = priors[:, :2] + CENTRE_VARIANCE * code[..., :2] * priors[:, 2:]
    half_sizes = 0.5 * priors[:, 2:] * torch.exp(SIZE_VARIANCE * code[..., 2:])
    return torch.cat((centres - half_sizes, centres + half_sizes), dim=-1)


def encode_boxes(
    boxes: Float[Tensor, "*B P 4"], priors: Float[Tensor, "P 4"]
) -> Float[Tensor, "*B P 4"]:
    """Invert `decode_boxes`, for training.

    Args:
        boxes: (x0, y0, x1, y1) in pixels, of positive size.
        priors: One for each box.
    """
    centres = (boxes[..., :2] + boxes[..., 2:]) / 2
    sizes = boxes[..., 2:] - boxes[..., :2]
    return torch.cat(
        (
            (centres - priors[:, :2]) / (CENTRE_VARIANCE * priors[:, 2:]),
            torch.log(sizes / priors[:, 2:]) / SIZE_VARIANCE,
        ),
        dim=-1,
    )


def decode_landmarks(
    code: Float[Tensor, "*B P 10"], priors: Float[Tensor, "P 4"]
) -> Float[Tensor, "*B P 5 2"]:
    """Turn the landmarks of a head into five (x, y) in pixels."""
    offsets = code.reshape(*code.shape[:-1], 5, 2) * CENTRE_VARIANCE
    return priors[:, None, :2] + offsets * priors[:, None, 2:]


def encode_landmarks(
    landmarks: Float[Tensor, "*B P 5 2"], priors: Float[Tensor, "P 4"]
) -> Float[Tensor, "*B P 10"]:
    """Invert `decode_landmarks`, for training."""
    offsets = (landmarks - priors[:, None, :2]) / (CENTRE_VARIANCE * priors[:, None, 2:])
    return offsets.flatten(-2)
