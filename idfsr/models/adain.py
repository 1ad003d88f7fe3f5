"""Adaptive instance normalisation."""

import torch
from jaxtyping import Float
from torch import Tensor

EPS = 1e-5
"""Added to variances, as in the published networks."""


def match_statistics(
    content: Float[Tensor, "B C h w"], style: Float[Tensor, "B C H W"]
) -> Float[Tensor, "B C h w"]:
    """Give each channel of `content` the mean and the spread that it has in `style`.

    Huang & Belongie (2017), Eq. 8, with unbiased variances.
    """
    (content_std, content_mean), (style_std, style_mean) = (
        _statistics(content),
        _statistics(style),
    )
    return (content - content_mean) / content_std * style_std + style_mean


def _statistics(
    x: Float[Tensor, "B C H W"],
) -> tuple[Float[Tensor, "B C 1 1"], Float[Tensor, "B C 1 1"]]:
    variance, mean = torch.var_mean(x, dim=(2, 3), keepdim=True)
    return (variance + EPS).sqrt(), mean
