"""The maximum mean discrepancy of two sets of features (Gretton et al. 2012)."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from idfsr.metrics.engine.frechet import check_num_images

Kernel = Callable[[Tensor, Tensor], Tensor]
"""(x "N D", y "M D") -> its value of every two rows, "N M"."""


def mean_discrepancy(x: Float[Tensor, "N D"], y: Float[Tensor, "M D"], kernel: Kernel) -> float:
    """Return the unbiased estimate of the squared maximum mean discrepancy.

    Gretton et al. (2012), Eq. 3, in float64.

    Args:
        x: Features, one image a row.
        y: Likewise, of the other set.
        kernel: Symmetric.

    Returns:
        Lower is better; around 0, and on either side of it, for sets of one distribution.

    Raises:
        ValueError: A set has fewer than two images.
    """
    check_num_images(x, y)
    x, y = x.double(), y.double()
    across = float(kernel(x, y).mean())
    return _mean_of_others(x, kernel) + _mean_of_others(y, kernel) - 2 * across


def _mean_of_others(x: Float[Tensor, "N D"], kernel: Kernel) -> float:
    """Return the mean of the kernel over all pairs of two different rows."""
    values = kernel(x, x)
    return float(values.sum() - torch.trace(values)) / (len(x) * (len(x) - 1))
