import math

import numpy as np
import pytest
import torch
from scipy.stats import norm
from torch import Tensor
from torch.distributions import Normal

from idfsr.constants import NUM_TRAIN_TIMESTEPS
from idfsr.diffusion.ddpm import predict_posterior
from idfsr.diffusion.hybrid_loss import hybrid_losses, log_probability
from idfsr.diffusion.process import q_sample
from idfsr.diffusion.schedule import linear_alphas_cumprod

ALPHAS_CUMPROD = linear_alphas_cumprod(NUM_TRAIN_TIMESTEPS)


def predict(x_t: Tensor, t: Tensor) -> Tensor:
    return torch.cat([0.9 * x_t, torch.tanh(x_t + t[:, None, None, None] / 1000)], dim=1)


def draw_images() -> tuple[Tensor, Tensor]:
    """Draw images and noise in float64: the divergences are tiny."""
    generator = torch.Generator().manual_seed(0)
    levels = torch.randint(256, (3, 3, 4, 4), generator=generator).double()
    noise = torch.randn((3, 3, 4, 4), generator=generator, dtype=torch.float64)
    return levels / 127.5 - 1, noise


def test_bound_is_the_divergence_from_what_the_sampler_draws_from() -> None:
    """Kullback-Leibler by hand, with mean and variance that `predict_posterior` gives."""
    x_0, noise = draw_images()
    t = torch.tensor([1, 400, 999])
    squared, bound = hybrid_losses(predict, x_0, t, noise, ALPHAS_CUMPROD)
    x_t = q_sample(x_0, t, noise, ALPHAS_CUMPROD)
    wanted = (predict(x_t, t)[:, :3] - noise).square().mean(dim=(1, 2, 3))
    torch.testing.assert_close(squared, wanted)
    for row, step in enumerate(t.tolist()):
        one = x_t[row : row + 1]
        model = predict_posterior(predict, one, range(1000), step, ALPHAS_CUMPROD)
        now, before = ALPHAS_CUMPROD[step].item(), ALPHAS_CUMPROD[step - 1].item()
        beta = 1 - now / before
        clean, noisy = x_0[row].double().numpy(), one[0].double().numpy()
        mean = math.sqrt(before) * beta * clean + math.sqrt(now / before) * (1 - before) * noisy
        mean /= 1 - now
        variance = beta * (1 - before) / (1 - now)
        model_mean, model_variance = model.mean[0].numpy(), model.variance[0].numpy()
        nats = (
            np.log(model_variance / variance) - 1
            + (variance + (mean - model_mean) ** 2) / model_variance
        ) / 2  # fmt: skip
        assert bound[row].item() == pytest.approx(nats.mean() / math.log(2), rel=1e-6)


def test_levels_have_the_probability_of_their_bins() -> None:
    x_0 = torch.tensor([-1, 3 / 255, 1.0])
    found = log_probability(Normal(torch.tensor(0.1), torch.tensor(0.5)), x_0).exp()
    edges = norm(0.1, 0.5).cdf([-1 + 1 / 255, 2 / 255, 4 / 255, 1 - 1 / 255])
    wanted = [edges[0], edges[2] - edges[1], 1 - edges[3]]
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-4)


def test_first_timestep_is_judged_by_the_levels() -> None:
    x_0, noise = draw_images()
    t = torch.zeros(3, dtype=torch.int64)
    _, bound = hybrid_losses(predict, x_0, t, noise, ALPHAS_CUMPROD)
    x_t = q_sample(x_0, t, noise, ALPHAS_CUMPROD)
    model = predict_posterior(predict, x_t, range(1000), 0, ALPHAS_CUMPROD)
    wanted = -log_probability(Normal(model.mean, model.variance.sqrt()), x_0) / math.log(2)
    torch.testing.assert_close(bound, wanted.mean(dim=(1, 2, 3)), rtol=1e-4, atol=1e-4)


def test_bound_has_no_gradient_by_the_noise() -> None:
    x_0, noise = draw_images()
    weight = torch.ones(2, requires_grad=True)

    def weighted(x_t: Tensor, _t: Tensor) -> Tensor:
        return torch.cat([weight[0] * x_t, weight[1] * torch.tanh(x_t)], dim=1)

    t = torch.tensor([0, 10, 500])
    _, bound = hybrid_losses(weighted, x_0, t, noise, ALPHAS_CUMPROD)
    bound.sum().backward()
    assert weight.grad is not None
    assert weight.grad[0] == 0
    assert weight.grad[1] != 0
