"""The forward process and the training loss (IDFSR, "Preliminary"; Ho et al. 2020).

The network is any callable of a noisy image and its timesteps: what else it sees is bound by the
caller, so that pretraining and fitting share the loss. It predicts the noise or v; the samplers
take denoisers, which give the noise (`as_denoiser`).
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float, Float64, Int
from torch import Tensor

Prediction = Literal["epsilon", "v"]

Predict = Callable[[Tensor, Tensor], Tensor]
"""(x_t "B C H W", t Int "B") -> eps or v "B C H W"."""

Denoise = Predict
"""The same, eps in any case."""


class Denoised(NamedTuple):
    """What a network made of noisy images whose clean ones are known."""

    losses: Float[Tensor, "B"]
    """Squared error of the prediction, the mean over each image."""
    x_0: Float[Tensor, "B C H W"]
    """The clean image that the prediction amounts to; not clamped."""


def _scales(
    alphas_cumprod: Float64[Tensor, "T"], t: Int[Tensor, "B"], dtype: torch.dtype
) -> tuple[Float[Tensor, "B 1 1 1"], Float[Tensor, "B 1 1 1"]]:
    """Return alpha and sigma: what x_0 and the noise are multiplied with at t."""
    alphas_cumprod_t = alphas_cumprod[t][:, None, None, None]
    return alphas_cumprod_t.sqrt().to(dtype), (1 - alphas_cumprod_t).sqrt().to(dtype)


def q_sample(
    x_0: Float[Tensor, "B C H W"],
    t: Int[Tensor, "B"],
    noise: Float[Tensor, "B C H W"],
    alphas_cumprod: Float64[Tensor, "T"],
) -> Float[Tensor, "B C H W"]:
    """Draw x_t given x_0: Ho et al. (2020), Eq. 4.

    Args:
        x_0: Clean image in [-1, 1].
        t: Timesteps in [0, T - 1].
        noise: Standard normal.
        alphas_cumprod: On the device of `t`; see `linear_alphas_cumprod`.
    """
    alpha, sigma = _scales(alphas_cumprod, t, x_0.dtype)
    return alpha * x_0 + sigma * noise


def as_denoiser(
    predict: Predict, prediction: Prediction, alphas_cumprod: Float64[Tensor, "T"]
) -> Denoise:
    """Return what gives the noise, whatever the network predicts.

    Salimans & Ho (2022), Appendix D: eps = alpha v + sigma x_t.

    Args:
        predict: The network.
        prediction: What it gives.
        alphas_cumprod: On the device of the timesteps.
    """
    if prediction == "epsilon":
        return predict

    def denoise(x_t: Tensor, t: Tensor) -> Tensor:
        alpha, sigma = _scales(alphas_cumprod, t, x_t.dtype)
        # in the precision of x_t: next to pure noise x_0 hangs on the last digits of eps
        return alpha * predict(x_t, t).to(x_t.dtype) + sigma * x_t

    return denoise


def denoising_loss(
    predict: Predict,
    prediction: Prediction,
    x_0: Float[Tensor, "B C H W"],
    t: Int[Tensor, "B"],
    noise: Float[Tensor, "B C H W"],
    alphas_cumprod: Float64[Tensor, "T"],
) -> Denoised:
    """Return the squared error of what is predicted, and the clean image that it amounts to.

    Ho et al. (2020), Eq. 14, or for v = alpha eps - sigma x_0 Salimans & Ho (2022), Appendix D. One
    term an image: the mean over the batch is the loss, and the single terms give the loss by
    timestep. In float32 whatever the network's precision.

    Args:
        predict: The network.
        prediction: What it gives.
        x_0: Clean image in [-1, 1].
        t: Timesteps in [0, T - 1].
        noise: Standard normal.
        alphas_cumprod: On the device of `t`.
    """
    alpha, sigma = _scales(alphas_cumprod, t, x_0.dtype)
    x_t = q_sample(x_0, t, noise, alphas_cumprod)
    found = predict(x_t, t).float()
    if prediction == "v":
        target, estimate = alpha * noise - sigma * x_0, alpha * x_t - sigma * found
    else:
        target, estimate = noise, (x_t - sigma * found) / alpha
    return Denoised((found - target).square().mean(dim=(1, 2, 3)), estimate)
