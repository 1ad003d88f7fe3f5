"""The forward process and the training loss (IDFSR, "Preliminary"; Ho et al. 2020).

The denoiser is any callable of a noisy image and its timesteps: what else it sees is bound by the
caller, so that pretraining and fitting share the loss.
"""

from collections.abc import Callable
from typing import Literal

import torch
from jaxtyping import Float, Float64, Int
from torch import Tensor

Prediction = Literal["epsilon", "v"]

Denoise = Callable[[Tensor, Tensor], Tensor]
"""(x_t "B C H W", t Int "B") -> eps "B C H W"."""


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


def noise_of_v(
    v: Float[Tensor, "B C H W"],
    x_t: Float[Tensor, "B C H W"],
    t: Int[Tensor, "B"],
    alphas_cumprod: Float64[Tensor, "T"],
) -> Float[Tensor, "B C H W"]:
    """Return the noise in x_t that a predicted v stands for.

    Salimans & Ho (2022), Appendix D: v = alpha eps - sigma x_0. In float32 at least, for next to
    pure noise x_0 hangs on the last digits of eps.
    """
    alpha, sigma = _scales(alphas_cumprod, t, x_t.dtype)
    return alpha * v.to(x_t.dtype) + sigma * x_t


def denoising_loss(
    denoise: Denoise,
    x_0: Float[Tensor, "B C H W"],
    t: Int[Tensor, "B"],
    noise: Float[Tensor, "B C H W"],
    alphas_cumprod: Float64[Tensor, "T"],
    prediction: Prediction,
) -> Float[Tensor, "B"]:
    """Return the squared error of what is predicted, the mean over each image.

    Ho et al. (2020), Eq. 14, one term an image: the mean over the batch is the loss, and the single
    terms give the loss by timestep. In float32 whatever the denoiser's precision.

    Args:
        denoise: Predicts eps in any case.
        x_0: Clean image in [-1, 1].
        t: Timesteps in [0, T - 1].
        noise: Standard normal.
        alphas_cumprod: On the device of `t`.
        prediction: "epsilon" takes the error of the noise; "v" that of v, which by its definition
            is the former over alphas_cumprod.
    """
    eps = denoise(q_sample(x_0, t, noise, alphas_cumprod), t)
    losses = (eps.float() - noise).square().mean(dim=(1, 2, 3))
    return losses if prediction == "epsilon" else losses / alphas_cumprod[t].to(losses.dtype)
