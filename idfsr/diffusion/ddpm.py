"""Ancestral sampling with a learned variance (Ho et al. 2020; Nichol & Dhariwal 2021).

The schedule may be respaced: what lies between two of the timesteps is taken as one step.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Float64
from torch import Tensor

PredictWithVariance = Callable[[Tensor, Tensor], Tensor]
"""(x_t "B C H W", t Int "B") -> eps and what the variance is made of, side by side "B 2C H W"."""


class Posterior(NamedTuple):
    """What x_prev is drawn from."""

    mean: Float[Tensor, "B C H W"]
    variance: Float[Tensor, "B C H W"]
    x_0: Float[Tensor, "B C H W"]
    """The clean image in [-1, 1] that the mean comes from."""


def predict_posterior(
    predict: PredictWithVariance,
    x_t: Float[Tensor, "B C H W"],
    timesteps: Sequence[int],
    index: int,
    alphas_cumprod: Float64[Tensor, "T"],
) -> Posterior:
    """Predict the distribution of the next less noisy image.

    Mean: Ho et al. (2020), Eq. 7, of the clean image clipped to [-1, 1]. Variance: Nichol &
    Dhariwal (2021), Eq. 15, between the posterior's and beta on a logarithmic scale.

    Args:
        predict: The network.
        x_t: Noisy images at timesteps[index].
        timesteps: Ascending, two at least.
        index: Which of them.
        alphas_cumprod: Over all training timesteps.
    """
    before, now = _alphas_cumprod_pair(timesteps, index, alphas_cumprod)
    beta = 1 - now / before
    t = torch.full((len(x_t),), timesteps[index], dtype=torch.int64, device=x_t.device)
    eps, fraction = predict(x_t, t).chunk(2, dim=1)
    x_0 = ((x_t - (1 - now) ** 0.5 * eps) / now**0.5).clamp(-1, 1)
    mean = (before**0.5 * beta * x_0 + (now / before) ** 0.5 * (1 - before) * x_t) / (1 - now)
    # the posterior's variance is 0 at the first timestep, whose logarithm is that of the second
    low_before, low_now = _alphas_cumprod_pair(timesteps, max(index, 1), alphas_cumprod)
    smallest = (1 - low_now / low_before) * (1 - low_before) / (1 - low_now)
    share = (fraction + 1) / 2
    log_variance = share * math.log(beta) + (1 - share) * math.log(smallest)
    return Posterior(mean, log_variance.exp(), x_0)


def _alphas_cumprod_pair(
    timesteps: Sequence[int], index: int, alphas_cumprod: Float64[Tensor, "T"]
) -> tuple[float, float]:
    """Return the values at the next less noisy timestep, 1 for the clean image, and at this one."""
    before = float(alphas_cumprod[timesteps[index - 1]]) if index else 1.0
    return before, float(alphas_cumprod[timesteps[index]])


def draw(
    posterior: Posterior, noise: Float[Tensor, "B C H W"], index: int
) -> Float[Tensor, "B C H W"]:
    """Draw x_prev; at the first timestep it is the mean (Ho et al. 2020, Algorithm 2)."""
    return posterior.mean + posterior.variance.sqrt() * noise if index else posterior.mean
