"""What is left of images that were made smaller and large again, as DR2 and ILVR filter them.

The bicubic kernel of Keys (1981) with a = -0.5, widened on the way down, over an image mirrored at
its edges: inside the image as Pillow's and PyTorch's with antialiasing, which end at the edge.
"""

from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

_A = -0.5


def cubic(x: Float64[np.ndarray, "*N"]) -> Float64[np.ndarray, "*N"]:
    """Return the kernel: Keys (1981), Eq. 4, which is 0 from 2 on."""
    x = np.abs(x)
    inner = (_A + 2) * x**3 - (_A + 3) * x**2 + 1
    outer = _A * (x**3 - 5 * x**2 + 8 * x - 4)
    return np.where(x <= 1, inner, np.where(x < 2, outer, 0.0))  # noqa: PLR2004  the kernel's ends


def resampling_matrix(size: int, new_size: int) -> Float64[np.ndarray, "M N"]:
    """Return what resamples a row of pixels.

    Convention: pixel i covers [i, i + 1]; row -1 - i of the mirrored image is row i.

    Args:
        size: Pixels there are.
        new_size: Pixels wanted.
    """
    scale = new_size / size
    width = max(1.0, 1 / scale)
    reach = int(np.ceil(2 * width))
    centres = (np.arange(new_size) + 0.5) / scale - 0.5
    places = np.floor(centres).astype(int)[:, None] + np.arange(-reach, reach + 2)[None, :]
    weights = cubic((centres[:, None] - places) / width)
    weights /= weights.sum(axis=1, keepdims=True)
    mirrored = places % (2 * size)
    mirrored = np.where(mirrored < size, mirrored, 2 * size - 1 - mirrored)
    matrix = np.zeros((new_size, size))
    np.add.at(matrix, (np.arange(new_size)[:, None], mirrored), weights)
    return matrix


@lru_cache(maxsize=8)
def _low_pass_matrix(size: int, factor: int) -> Float[Tensor, "N N"]:
    small = -(-size // factor)
    matrix = resampling_matrix(small, size) @ resampling_matrix(size, small)
    return torch.from_numpy(matrix).float()


def low_pass(images: Float[Tensor, "B C H W"], factor: int) -> Float[Tensor, "B C H W"]:
    """Make images smaller by a factor and as large again."""
    vertical, horizontal = (
        _low_pass_matrix(side, factor).to(images.device) for side in images.shape[-2:]
    )
    return vertical @ images @ horizontal.T
