"""Random variations of face crops, drawn image by image from a given generator."""

import torch
import torch.nn.functional as F  # noqa: N812  (the name everybody uses)
from jaxtyping import Float
from torch import Tensor

MAX_SHIFT = 0.04
"""Translation, as a share of the side."""
MAX_SCALE = 0.08
"""Relative change of size."""
MAX_ROTATION = 0.09
"""Radians."""
MAX_BRIGHTNESS = 0.2
"""Added to values in [-1, 1]."""
MAX_CONTRAST = 0.25
"""Relative change."""


def flip(images: Float[Tensor, "B 3 H W"], generator: torch.Generator) -> Float[Tensor, "B 3 H W"]:
    """Mirror every second image, on average."""
    chosen = torch.rand(len(images), generator=generator) < 1 / 2
    return torch.where(chosen[:, None, None, None], images.flip(3), images)


def uniform(num: int, bound: float, generator: torch.Generator) -> Float[Tensor, "B"]:
    """Draw from [-bound, bound)."""
    return (torch.rand(num, generator=generator) * 2 - 1) * bound


def draw_geometry(num: int, generator: torch.Generator) -> Float[Tensor, "B 2 3"]:
    """Draw a small shift, change of size and turn for each image.

    Convention: from output to input in [-1, 1] x [-1, 1], as `affine_grid` takes them.
    """
    angle = uniform(num, MAX_ROTATION, generator)
    scale = 1 + uniform(num, MAX_SCALE, generator)
    cos, sin = scale * angle.cos(), scale * angle.sin()
    shift_x = uniform(num, 2 * MAX_SHIFT, generator)
    shift_y = uniform(num, 2 * MAX_SHIFT, generator)
    return torch.stack([cos, -sin, shift_x, sin, cos, shift_y], dim=1).view(num, 2, 3)


def move_images(
    images: Float[Tensor, "B 3 H W"], matrices: Float[Tensor, "B 2 3"]
) -> Float[Tensor, "B 3 H W"]:
    """Move images as `draw_geometry` says; what comes in from outside repeats the border."""
    grid = F.affine_grid(matrices, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def jitter_light(
    images: Float[Tensor, "B 3 H W"], generator: torch.Generator
) -> Float[Tensor, "B 3 H W"]:
    """Change contrast about mid-grey, and brightness."""
    contrast = 1 + uniform(len(images), MAX_CONTRAST, generator)
    brightness = uniform(len(images), MAX_BRIGHTNESS, generator)
    changed = images * contrast[:, None, None, None] + brightness[:, None, None, None]
    return changed.clamp(-1, 1)


def lose_resolution(
    images: Float[Tensor, "B 3 H W"], sizes: tuple[int, ...], generator: torch.Generator
) -> Float[Tensor, "B 3 H W"]:
    """Make each image smaller and back, as much as its draw from `sizes` says.

    The full side among the sizes leaves the image as it is.
    """
    side = images.shape[3]
    draws = torch.randint(len(sizes), (len(images),), generator=generator)
    result = images.clone()
    for index, size in enumerate(sizes):
        rows = (draws == index).nonzero()[:, 0]
        if size == side or not len(rows):
            continue
        small = F.interpolate(images[rows], size=(size, size), mode="bilinear", antialias=True)
        result[rows] = F.interpolate(small, size=(side, side), mode="bicubic").clamp(-1, 1)
    return result


def augment(
    images: Float[Tensor, "B 3 H W"], sizes: tuple[int, ...], generator: torch.Generator
) -> Float[Tensor, "B 3 H W"]:
    """Vary a batch of crops in [-1, 1]: flip, geometry, resolution, light.

    Args:
        images: On the CPU.
        sizes: See `lose_resolution`.
        generator: On the CPU.
    """
    flipped = flip(images, generator)
    images = move_images(flipped, draw_geometry(len(images), generator))
    images = lose_resolution(images, sizes, generator)
    return jitter_light(images, generator)
