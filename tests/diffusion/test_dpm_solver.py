import pytest
import torch
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from torch import Tensor

from idfsr.config.restore import RestoreConfig
from idfsr.constants import BETA_END, BETA_START, NUM_TRAIN_TIMESTEPS
from idfsr.diffusion.ddim import ddim_sample
from idfsr.diffusion.dpm_solver import dpm_solver_sample
from idfsr.diffusion.sampling import sample_images
from idfsr.diffusion.schedule import ddim_timesteps, linear_alphas_cumprod, solver_timesteps

from .stub import normal_image, uniform_image

ALPHAS_CUMPROD = linear_alphas_cumprod(NUM_TRAIN_TIMESTEPS)


def soft_image(x_t: Tensor, t: Tensor) -> Tensor:
    """Return the noise in x_t, if the clean image is 0.9 tanh of x_t: it is never clipped."""
    alpha_bar = ALPHAS_CUMPROD[t][:, None, None, None]
    x_0 = 0.9 * torch.tanh(x_t.double() + t[:, None, None, None] / 1000)
    return ((x_t - alpha_bar.sqrt() * x_0) / (1 - alpha_bar).sqrt()).to(x_t.dtype)


# diffusers turns a tensor into an array as NumPy 1 wanted it.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("num_steps", [2, 5, 20])
def test_each_step_is_that_of_diffusers(num_steps: int) -> None:
    scheduler = DPMSolverMultistepScheduler(
        num_train_timesteps=NUM_TRAIN_TIMESTEPS,
        beta_start=BETA_START,
        beta_end=BETA_END,
        algorithm_type="dpmsolver++",
        solver_order=2,
        timestep_spacing="linspace",
        final_sigmas_type="zero",
    )
    scheduler.set_timesteps(num_steps)
    timesteps = solver_timesteps(NUM_TRAIN_TIMESTEPS, num_steps)
    assert scheduler.timesteps.tolist() == timesteps[::-1]
    wanted = [normal_image(2).double()]
    for t in scheduler.timesteps:
        eps = soft_image(wanted[-1], t[None])
        wanted.append(scheduler.step(eps, t, wanted[-1]).prev_sample)

    seen: list[Tensor] = []

    def denoise(x_t: Tensor, t: Tensor) -> Tensor:
        seen.append(x_t)
        return soft_image(x_t, t)

    last = dpm_solver_sample(denoise, normal_image(2).double(), timesteps, ALPHAS_CUMPROD)
    for found, step in zip([*seen, last], wanted, strict=True):
        torch.testing.assert_close(found, step, rtol=0, atol=1e-4)  # its schedule is float32


def test_two_steps_are_those_of_ddim() -> None:
    """The first step and the last are of first order, and there is none between."""
    x_T = normal_image(2).double()
    found = dpm_solver_sample(soft_image, x_T, [0, 500], ALPHAS_CUMPROD)
    torch.testing.assert_close(found, ddim_sample(soft_image, x_T, [0, 500], ALPHAS_CUMPROD))
    three = [0, 250, 500]
    found = dpm_solver_sample(soft_image, x_T, three, ALPHAS_CUMPROD)
    assert not torch.allclose(found, ddim_sample(soft_image, x_T, three, ALPHAS_CUMPROD))


def test_perfect_denoiser_gives_the_image() -> None:
    x_0, noise = uniform_image(1).double(), normal_image(2).double()

    def denoise(x_t: Tensor, t: Tensor) -> Tensor:
        alpha_bar = ALPHAS_CUMPROD[t][:, None, None, None]
        return (x_t - alpha_bar.sqrt() * x_0) / (1 - alpha_bar).sqrt()

    timesteps = solver_timesteps(1000, 4)
    start = float(ALPHAS_CUMPROD[timesteps[-1]])
    x_t = start**0.5 * x_0 + (1 - start) ** 0.5 * noise
    found = dpm_solver_sample(denoise, x_t, timesteps, ALPHAS_CUMPROD)
    torch.testing.assert_close(found, x_0, rtol=0, atol=1e-9)


def test_setting_chooses_the_sampler() -> None:
    x_T = normal_image(2)
    assert RestoreConfig().sampler == "ddim"
    found = [
        sample_images(soft_image, "epsilon", x_T, 10, sampler) for sampler in ("ddim", "dpmpp_2m")
    ]
    wanted = (
        ddim_sample(soft_image, x_T, ddim_timesteps(1000, 10), ALPHAS_CUMPROD),
        dpm_solver_sample(soft_image, x_T, solver_timesteps(1000, 10), ALPHAS_CUMPROD),
    )
    assert all(map(torch.equal, found, wanted))
