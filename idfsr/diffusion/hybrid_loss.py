"""The loss of a network that also gives the variance (Nichol & Dhariwal 2021, Eq. 16)."""

import math

import torch
from jaxtyping import Float, Float64, Int
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from idfsr.diffusion.ddpm import PredictWithVariance
from idfsr.diffusion.process import q_sample

HALF_LEVEL = 1 / 255
"""Half the distance of two levels of 8 bits in [-1, 1]."""

LEAST_PROBABILITY = 1e-12
"""Of a level: the logarithm of less is not told apart from that of 0."""


def log_probability(distribution: Normal, x_0: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return the logarithm of the probability of levels of 8 bits (Ho et al. 2020, Eq. 13).

    Args:
        distribution: Of each value.
        x_0: In [-1, 1]; the first and the last level take all that lies beyond them.
    """
    below: Tensor = distribution.cdf(x_0 - HALF_LEVEL)  # type: ignore[no-untyped-call]
    above: Tensor = distribution.cdf(x_0 + HALF_LEVEL)  # type: ignore[no-untyped-call]
    below = torch.where(x_0 < -1 + HALF_LEVEL, 0, below)
    above = torch.where(x_0 > 1 - HALF_LEVEL, 1, above)
    return (above - below).clamp(min=LEAST_PROBABILITY).log()


def hybrid_losses(
    predict: PredictWithVariance,
    x_0: Float[Tensor, "B C H W"],
    t: Int[Tensor, "B"],
    noise: Float[Tensor, "B C H W"],
    alphas_cumprod: Float64[Tensor, "T"],
) -> tuple[Float[Tensor, "B"], Float[Tensor, "B"]]:
    """Return the squared error of the noise, and the term of the variational bound in bits.

    The sum of both is Eq. 16 of Nichol & Dhariwal (2021), whose 0.001 stands for T = 1000 terms of
    which one is drawn. No gradient goes from the bound to the mean (section 3.1).

    Args:
        predict: The network.
        x_0: Clean image in [-1, 1].
        t: Timesteps in [0, T - 1].
        noise: Standard normal.
        alphas_cumprod: On the device of `t`.
    """
    x_t = q_sample(x_0, t, noise, alphas_cumprod)
    eps, fraction = predict(x_t, t).to(x_0.dtype).chunk(2, dim=1)
    squared = (eps - noise).square().mean(dim=(1, 2, 3))

    # In float64: next to the first timestep all these are differences of nearly equal numbers.
    ones = torch.ones(1, dtype=alphas_cumprod.dtype, device=alphas_cumprod.device)
    before = torch.cat([ones, alphas_cumprod[:-1]])
    betas = 1 - alphas_cumprod / before
    variances = betas * (1 - before) / (1 - alphas_cumprod)
    # the posterior's variance is 0 at the first timestep, whose logarithm is that of the second
    variances[0] = variances[1]

    def at_t(values: Tensor) -> Float[Tensor, "B 1 1 1"]:
        return values[t][:, None, None, None].to(x_0.dtype)

    share = (fraction + 1) / 2
    deviation = ((share * at_t(betas.log()) + (1 - share) * at_t(variances.log())) / 2).exp()
    of_clean = at_t(before.sqrt() * betas / (1 - alphas_cumprod))
    of_noisy = at_t((1 - betas).sqrt() * (1 - before) / (1 - alphas_cumprod))
    sigma, alpha = at_t((1 - alphas_cumprod).sqrt()), at_t(alphas_cumprod.sqrt())
    guess = ((x_t - sigma * eps.detach()) / alpha).clamp(-1, 1)
    predicted = Normal(of_clean * guess + of_noisy * x_t, deviation)
    wanted = Normal(of_clean * x_0 + of_noisy * x_t, at_t(variances.sqrt()))
    divergence = kl_divergence(wanted, predicted)
    first = (t == 0)[:, None, None, None]
    bound = torch.where(first, -log_probability(predicted, x_0), divergence)
    return squared, bound.mean(dim=(1, 2, 3)) / math.log(2)
