import pytest
import torch

from idfsr.diffusion.process import denoising_loss, noise_of_v, q_sample
from idfsr.diffusion.schedule import linear_alphas_cumprod

from .stub import GOLDEN, denoise, normal_image, uniform_image


def test_q_sample_by_hand() -> None:
    alphas_cumprod = torch.tensor([0.64, 0.36], dtype=torch.float64)
    x_0 = torch.tensor([1.0, -1.0])[:, None, None, None]
    noise = torch.tensor([2.0, 3.0])[:, None, None, None]
    x_t = q_sample(x_0, torch.tensor([0, 1]), noise, alphas_cumprod)
    # 0.8 + 0.6 * 2 and -0.6 + 0.8 * 3
    assert x_t.flatten().tolist() == pytest.approx([2.0, 1.8], abs=1e-6)
    assert x_t.dtype == torch.float32


def test_loss_is_that_of_diffae() -> None:
    x_0, noise = uniform_image(3).repeat(2, 1, 1, 1), normal_image(4).repeat(2, 1, 1, 1)
    loss = denoising_loss(
        denoise, x_0, torch.tensor([3, 997]), noise, linear_alphas_cumprod(1000), "epsilon"
    )
    assert loss.tolist() == pytest.approx(GOLDEN["loss_t3_t997"], rel=1e-5)


def test_loss_keeps_the_gradient_and_the_images_apart() -> None:
    noise = normal_image(4).repeat(2, 1, 1, 1)
    offset = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = denoising_loss(
        lambda _x_t, _t: (noise + offset[:, None, None, None]).to(torch.bfloat16),
        uniform_image(3).repeat(2, 1, 1, 1),
        torch.tensor([3, 997]),
        noise,
        linear_alphas_cumprod(1000),
        "epsilon",
    )
    assert loss.dtype == torch.float32
    assert loss.tolist() == pytest.approx([1.0, 4.0], rel=1e-3)
    loss[1].backward()
    assert offset.grad is not None
    assert offset.grad.tolist() == pytest.approx([0.0, 4.0], rel=1e-2)


def test_loss_of_v_is_its_squared_error() -> None:
    """v = alpha eps - sigma x_0, here of a denoiser that gives v with a known error."""
    alphas_cumprod, t = linear_alphas_cumprod(1000), torch.tensor([3, 500, 997])
    x_0, noise = uniform_image(3).repeat(3, 1, 1, 1), normal_image(4).repeat(3, 1, 1, 1)
    alpha = alphas_cumprod[t].sqrt()[:, None, None, None].float()
    sigma = (1 - alphas_cumprod[t]).sqrt()[:, None, None, None].float()
    v = alpha * noise - sigma * x_0
    error = torch.tensor([0.5, 0.25, 2.0])[:, None, None, None]
    loss = denoising_loss(
        lambda x_t, t: noise_of_v(v + error, x_t, t, alphas_cumprod),
        x_0,
        t,
        noise,
        alphas_cumprod,
        "v",
    )
    assert loss.tolist() == pytest.approx([0.25, 0.0625, 4.0], rel=1e-3)
