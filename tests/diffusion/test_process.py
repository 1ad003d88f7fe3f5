import pytest
import torch

from idfsr.diffusion.process import Prediction, as_denoiser, denoising_loss, q_sample
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
    loss, _ = denoising_loss(
        denoise, "epsilon", x_0, torch.tensor([3, 997]), noise, linear_alphas_cumprod(1000)
    )
    assert loss.tolist() == pytest.approx(GOLDEN["loss_t3_t997"], rel=1e-5)


def test_loss_keeps_the_gradient_and_the_images_apart() -> None:
    noise = normal_image(4).repeat(2, 1, 1, 1)
    offset = torch.tensor([1.0, 2.0], requires_grad=True)
    loss, _ = denoising_loss(
        lambda _x_t, _t: (noise + offset[:, None, None, None]).to(torch.bfloat16),
        "epsilon",
        uniform_image(3).repeat(2, 1, 1, 1),
        torch.tensor([3, 997]),
        noise,
        linear_alphas_cumprod(1000),
    )
    assert loss.dtype == torch.float32
    assert loss.tolist() == pytest.approx([1.0, 4.0], rel=1e-3)
    loss[1].backward()
    assert offset.grad is not None
    assert offset.grad.tolist() == pytest.approx([0.0, 4.0], rel=1e-2)


def test_v_by_hand() -> None:
    """alpha = 0.8, sigma = 0.6: v = 0.8 * 2 - 0.6 * 1 = 1, of which 1.5 is found."""
    alphas_cumprod, t = torch.tensor([0.64], dtype=torch.float64), torch.tensor([0])
    x_0, noise = torch.full((1, 1, 1, 1), 1.0), torch.full((1, 1, 1, 1), 2.0)
    loss, estimate = denoising_loss(
        lambda x_t, _t: 0 * x_t + 1.5, "v", x_0, t, noise, alphas_cumprod
    )
    assert loss.item() == pytest.approx(0.25, abs=1e-6)
    # x_t = 0.8 * 1 + 0.6 * 2 = 2, and 0.8 * 2 - 0.6 * 1.5
    assert estimate.item() == pytest.approx(0.7, abs=1e-6)
    denoise_v = as_denoiser(lambda x_t, _t: 0 * x_t + 1.0, "v", alphas_cumprod)
    x_t = q_sample(x_0, t, noise, alphas_cumprod)
    assert denoise_v(x_t, t).item() == pytest.approx(2.0, abs=1e-6)


def test_perfect_v_is_the_noise_at_every_timestep() -> None:
    alphas_cumprod, t = linear_alphas_cumprod(1000), torch.arange(0, 1000, 37)
    x_0, noise = uniform_image(3).repeat(len(t), 1, 1, 1), normal_image(4).repeat(len(t), 1, 1, 1)
    alpha, sigma = (
        part.sqrt()[:, None, None, None].float()
        for part in (alphas_cumprod[t], 1 - alphas_cumprod[t])
    )
    found = as_denoiser(lambda _x_t, _t: alpha * noise - sigma * x_0, "v", alphas_cumprod)(
        q_sample(x_0, t, noise, alphas_cumprod), t
    )
    torch.testing.assert_close(found, noise, rtol=0, atol=1e-5)


@pytest.mark.parametrize("prediction", ["epsilon", "v"])
def test_perfect_prediction_is_the_clean_image(prediction: Prediction) -> None:
    alphas_cumprod, t = linear_alphas_cumprod(1000), torch.arange(0, 1000, 99)
    x_0, noise = uniform_image(3).repeat(len(t), 1, 1, 1), normal_image(4).repeat(len(t), 1, 1, 1)
    alpha, sigma = (
        part.sqrt()[:, None, None, None].float()
        for part in (alphas_cumprod[t], 1 - alphas_cumprod[t])
    )
    perfect = noise if prediction == "epsilon" else alpha * noise - sigma * x_0
    losses, estimate = denoising_loss(
        lambda _x_t, _t: perfect, prediction, x_0, t, noise, alphas_cumprod
    )
    assert losses.tolist() == [0] * len(t)
    torch.testing.assert_close(estimate, x_0, rtol=0, atol=1e-4)  # amid noise alpha is 0.006


def test_noise_stays_the_noise() -> None:
    assert as_denoiser(denoise, "epsilon", linear_alphas_cumprod(1000)) is denoise
