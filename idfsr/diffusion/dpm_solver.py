"""DPM-Solver++ (Lu et al. 2022): from noise to an image in fewer steps than DDIM."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from idfsr.diffusion.ddim import predict
from idfsr.diffusion.process import Denoise


def half_log_snr(alphas_cumprod_t: float) -> float:
    """Return lambda = log(alpha / sigma) of a timestep (Lu et al. 2022, section 2.1)."""
    return 0.5 * math.log(alphas_cumprod_t / (1 - alphas_cumprod_t))


@torch.no_grad()
def dpm_solver_sample(
    denoise: Denoise,
    x_T: Float[Tensor, "B C H W"],  # noqa: N803 - the symbol of the field
    timesteps: Sequence[int],
    alphas_cumprod: Float64[Tensor, "T"],
) -> Float[Tensor, "B C H W"]:
    """Turn noise into images with DPM-Solver++(2M).

    Lu et al. (2022), "DPM-Solver++", Algorithm 2: the clean image is extrapolated from this step's
    prediction and the last one's. The first step has no last one, and for the last step lambda has
    no end; both are of first order, which is DDIM. Predictions are clipped as in `ddim_sample`, and
    nothing is drawn.

    Args:
        denoise: Predicts eps.
        x_T: Standard normal; taken as the noisy image at the largest of the timesteps.
        timesteps: Ascending; see `solver_timesteps`.
        alphas_cumprod: Over all training timesteps.

    Returns:
        x_0 in [-1, 1].
    """
    x_t = x_T
    last_x_0, last_h = None, 0.0
    for index in range(len(timesteps) - 1, 0, -1):
        t = timesteps[index]
        now, then = float(alphas_cumprod[t]), float(alphas_cumprod[timesteps[index - 1]])
        h = half_log_snr(then) - half_log_snr(now)
        x_0, _ = predict(denoise, x_t, t, now)
        data = x_0 if last_x_0 is None else x_0 + (x_0 - last_x_0) * (h / (2 * last_h))
        x_t = ((1 - then) / (1 - now)) ** 0.5 * x_t - then**0.5 * math.expm1(-h) * data
        last_x_0, last_h = x_0, h
    return predict(denoise, x_t, timesteps[0], float(alphas_cumprod[timesteps[0]]))[0]
