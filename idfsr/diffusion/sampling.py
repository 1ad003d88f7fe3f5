"""Sampling with the schedule that IDFSR shares with DiffAE."""

from jaxtyping import Float
from torch import Tensor

from idfsr.config.types import Sampler
from idfsr.constants import NUM_TRAIN_TIMESTEPS
from idfsr.diffusion.ddim import ddim_sample
from idfsr.diffusion.dpm_solver import dpm_solver_sample
from idfsr.diffusion.process import Predict, Prediction, as_denoiser
from idfsr.diffusion.schedule import ddim_timesteps, linear_alphas_cumprod, solver_timesteps

SAMPLERS = {
    "ddim": (ddim_sample, ddim_timesteps),
    "dpmpp_2m": (dpm_solver_sample, solver_timesteps),
}
"""How each turns noise into images, and at which timesteps."""


def sample_images(
    predict: Predict,
    prediction: Prediction,
    x_T: Float[Tensor, "B C H W"],  # noqa: N803 - the symbol of the field
    num_inference_steps: int,
    sampler: Sampler,
) -> Float[Tensor, "B C H W"]:
    """Turn noise into images.

    Args:
        predict: The network.
        prediction: What it gives.
        x_T: Standard normal.
        num_inference_steps: How often the network is asked.
        sampler: See `RestoreConfig`.

    Returns:
        x_0 in [-1, 1].
    """
    alphas_cumprod = linear_alphas_cumprod(NUM_TRAIN_TIMESTEPS).to(x_T.device)
    denoise = as_denoiser(predict, prediction, alphas_cumprod)
    sample, choose_timesteps = SAMPLERS[sampler]
    timesteps = choose_timesteps(NUM_TRAIN_TIMESTEPS, num_inference_steps)
    return sample(denoise, x_T, timesteps, alphas_cumprod)
