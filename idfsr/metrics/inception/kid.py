"""KID, the kernel distance between two sets of features (Binkowski et al. 2018).

Unlike the Frechet distance it is unbiased: its expectation does not depend on the number of images,
though its scatter does.
"""

from typing import Final

from jaxtyping import Float
from torch import Tensor

from idfsr.metrics.engine.discrepancy import mean_discrepancy

DEGREE: Final = 3
"""Of the polynomial kernel (Binkowski et al. 2018, section 4)."""


def kernel_distance(x: Float[Tensor, "N D"], y: Float[Tensor, "M D"]) -> float:
    """Return the unbiased estimate of the squared maximum mean discrepancy.

    Gretton et al. (2012), Eq. 3, over all images at once. The authors of KID and torchmetrics take
    the mean over random subsets of 1000, which has the same expectation and wants 1000 images.

    Args:
        x: Features, one image a row.
        y: Likewise, of the other set.

    Returns:
        Lower is better; around 0, and on either side of it, for sets of one distribution.

    Raises:
        ValueError: A set has fewer than two images.
    """
    return mean_discrepancy(x, y, polynomial_kernel)


def polynomial_kernel(x: Float[Tensor, "N D"], y: Float[Tensor, "M D"]) -> Float[Tensor, "N M"]:
    """Return (x . y / D + 1)^3 of every two rows (Binkowski et al. 2018, section 4)."""
    return (x @ y.T / x.shape[1] + 1) ** DEGREE
