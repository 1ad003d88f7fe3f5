"""The noise schedule and the timesteps that samplers visit."""

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from idfsr.constants import BETA_END, BETA_START
from idfsr.errors import IdfsrError


def linear_alphas_cumprod(num_train_timesteps: int) -> Float64[Tensor, "T"]:
    """Return the cumulative product of alphas of the linear beta schedule.

    Ho et al. (2020), section 4: beta rises linearly from 1e-4 to 0.02, alpha = 1 - beta. In
    float64, because 1 minus the product is used too, and is tiny at small timesteps.
    """
    betas = np.linspace(BETA_START, BETA_END, num_train_timesteps, dtype=np.float64)
    return torch.from_numpy(np.cumprod(1 - betas))


def ddim_timesteps(num_train_timesteps: int, num_inference_steps: int) -> list[int]:
    """Return the timesteps of DDIM in ascending order, evenly spaced from 0.

    As DiffAE (Preechakul et al. 2022): for T = 1000 and 20 steps 0, 50, ..., 950.

    Raises:
        IdfsrError: `num_train_timesteps` is not a multiple of `num_inference_steps`.
    """
    if num_inference_steps < 1 or num_train_timesteps % num_inference_steps:
        message = (
            f"restore.num_inference_steps: found {num_inference_steps}, "
            f"wanted a divisor of {num_train_timesteps}"
        )
        raise IdfsrError(message)
    stride = num_train_timesteps // num_inference_steps
    return list(range(0, num_train_timesteps, stride))


def spread_timesteps(num_train_timesteps: int, num_inference_steps: int) -> list[int]:
    """Return timesteps in ascending order from the first to the last, evenly spread and rounded.

    As guided-diffusion respaces (Nichol & Dhariwal 2021, section 4): for T = 1000 and 100 steps 0,
    10, ..., 50, 61, ..., 999.

    Raises:
        IdfsrError: There are not 2 to T steps.
    """
    if not 1 < num_inference_steps <= num_train_timesteps:
        message = f"steps: found {num_inference_steps}, wanted 2 to {num_train_timesteps}"
        raise IdfsrError(message)
    stride = (num_train_timesteps - 1) / (num_inference_steps - 1)
    return [round(index * stride) for index in range(num_inference_steps)]


def solver_timesteps(num_train_timesteps: int, num_inference_steps: int) -> list[int]:
    """Return the timesteps of DPM-Solver++ in ascending order, evenly spread up to the last.

    Uniform in time, as Lu et al. (2022), section 6, take them: for T = 1000 and 4 steps 250, 500,
    749, 999. None is 0: from there to the image lambda has no end, and the step before it, which
    extrapolates, would be far longer than the others.
    """
    spread = np.linspace(0, num_train_timesteps - 1, num_inference_steps + 1)
    return [int(t) for t in spread.round()[1:]]
