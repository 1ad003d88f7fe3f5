"""DDIM (Song et al. 2021): from noise to an image and back with sigma = 0, or with fresh noise."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from idfsr.diffusion.noise import DrawNoise, NoiseStream
from idfsr.diffusion.process import Denoise


def predict(
    denoise: Denoise,
    x_t: Float[Tensor, "B C H W"],
    t: int,
    alphas_cumprod_t: float,
) -> tuple[Float[Tensor, "B C H W"], Float[Tensor, "B C H W"]]:
    """Predict the clean image and the noise in x_t.

    Song et al. (2021), Eq. 9. The clean image is clipped to [-1, 1] and the noise derived anew from
    what the clipping left, as DiffAE does: the noise the network gave would no longer belong to it.

    Returns:
        x_0 in [-1, 1], and eps.
    """
    timesteps = torch.full((len(x_t),), t, dtype=torch.int64, device=x_t.device)
    eps = denoise(x_t, timesteps).to(x_t.dtype)
    noise_scale = (1 - alphas_cumprod_t) ** 0.5
    x_0 = ((x_t - noise_scale * eps) / alphas_cumprod_t**0.5).clamp(-1, 1)
    return x_0, (x_t - alphas_cumprod_t**0.5 * x_0) / noise_scale


@torch.no_grad()
def ddim_sample(
    denoise: Denoise,
    x_T: Float[Tensor, "B C H W"],  # noqa: N803 - the symbol of the field
    timesteps: Sequence[int],
    alphas_cumprod: Float64[Tensor, "T"],
) -> Float[Tensor, "B C H W"]:
    """Turn noise into images.

    Song et al. (2021), Eq. 12 with sigma_t = 0. Nothing is drawn: the same x_T gives the same
    images.

    Args:
        denoise: Predicts eps.
        x_T: Standard normal; taken as the noisy image at the largest of the timesteps.
        timesteps: Ascending; see `ddim_timesteps`.
        alphas_cumprod: Over all training timesteps.

    Returns:
        x_0 in [-1, 1].
    """
    x_t = x_T
    for index in range(len(timesteps) - 1, -1, -1):
        t = timesteps[index]
        alphas_cumprod_prev = float(alphas_cumprod[timesteps[index - 1]]) if index else 1.0
        x_0, eps = predict(denoise, x_t, t, float(alphas_cumprod[t]))
        x_t = alphas_cumprod_prev**0.5 * x_0 + (1 - alphas_cumprod_prev) ** 0.5 * eps
    return x_t


@torch.no_grad()
def ddim_reverse(
    denoise: Denoise,
    x_0: Float[Tensor, "B C H W"],
    timesteps: Sequence[int],
    alphas_cumprod: Float64[Tensor, "T"],
) -> Float[Tensor, "B C H W"]:
    """Turn images into the noise that `ddim_sample` would make them from.

    The steps of `ddim_sample` the other way round, DiffAE's "stochastic encoder" (Preechakul et al.
    2022, Eq. 8). The last step ends in pure noise.
    """
    x_t = x_0
    for t, t_next in zip(timesteps, [*timesteps[1:], None], strict=True):
        alphas_cumprod_next = 0.0 if t_next is None else float(alphas_cumprod[t_next])
        prediction, eps = predict(denoise, x_t, t, float(alphas_cumprod[t]))
        x_t = alphas_cumprod_next**0.5 * prediction + (1 - alphas_cumprod_next) ** 0.5 * eps
    return x_t


@torch.no_grad()
def stochastic_ddim_sample(
    denoise: Denoise,
    x_t: Float[Tensor, "B C H W"],
    timesteps: Sequence[int],
    alphas_cumprod: Float64[Tensor, "T"],
    eta: float,
    draw_noise: DrawNoise,
) -> Float[Tensor, "B C H W"]:
    """Turn noisy images into clean ones, with fresh noise at each step.

    Song et al. (2021), Eqs. 12 and 16. The clean image is clipped to [-1, 1], while the noise stays
    what the network gave, as in DifFace; DiffAE derives it anew (`predict`).

    Args:
        denoise: Predicts eps.
        x_t: Taken as noisy at the largest of the timesteps.
        timesteps: Ascending.
        alphas_cumprod: Over all training timesteps.
        eta: 0 adds no noise, 1 as much as DDPM.
        draw_noise: Called once a step; the last step leaves unused what it gives.

    Returns:
        x_0 in [-1, 1].
    """
    for index in range(len(timesteps) - 1, -1, -1):
        t = timesteps[index]
        now = float(alphas_cumprod[t])
        before = float(alphas_cumprod[timesteps[index - 1]]) if index else 1.0
        eps = denoise(x_t, torch.full((len(x_t),), t, dtype=torch.int64, device=x_t.device))
        x_0 = ((x_t - (1 - now) ** 0.5 * eps) / now**0.5).clamp(-1, 1)
        sigma = eta * ((1 - before) / (1 - now) * (1 - now / before)) ** 0.5
        x_t = before**0.5 * x_0 + (1 - before - sigma**2) ** 0.5 * eps + sigma * draw_noise()
    return x_t


def seeded_noise(
    keys: Sequence[str], seed: int, shape: tuple[int, int, int]
) -> Float[Tensor, "B C H W"]:
    """Draw standard normal noise once; see `NoiseStream`."""
    return NoiseStream(keys, seed, shape)()
