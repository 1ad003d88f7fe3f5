import math

import pytest
import torch
from torch import Tensor

from idfsr.diffusion.ddpm import PredictWithVariance, draw, predict_posterior

ALPHAS_CUMPROD = torch.tensor([0.8, 0.9, 0.4], dtype=torch.float64)
TIMESTEPS = [0, 2]


def constant(eps: float, fraction: float) -> PredictWithVariance:
    def predict(x_t: Tensor, _t: Tensor) -> Tensor:
        return torch.cat([torch.full_like(x_t, eps), torch.full_like(x_t, fraction)], dim=1)

    return predict


def ones(value: float) -> Tensor:
    return torch.full((1, 1, 1, 1), value)


@pytest.mark.parametrize(("fraction", "variance"), [(1.0, 0.5), (-1.0, 0.5 * 0.2 / 0.6)])
def test_posterior_of_a_respaced_step_by_hand(fraction: float, variance: float) -> None:
    """From alpha-bar 0.4 to 0.8: beta = 1 - 0.4 / 0.8, the smallest variance beta 0.2 / 0.6."""
    found = predict_posterior(constant(0.5, fraction), ones(0.6), TIMESTEPS, 1, ALPHAS_CUMPROD)
    x_0 = (0.6 - math.sqrt(0.6) * 0.5) / math.sqrt(0.4)
    mean = (math.sqrt(0.8) * 0.5 * x_0 + math.sqrt(0.5) * 0.2 * 0.6) / 0.6
    assert found.x_0.item() == pytest.approx(x_0)
    assert found.mean.item() == pytest.approx(mean)
    assert found.variance.item() == pytest.approx(variance)


def test_half_way_the_variance_is_the_geometric_mean() -> None:
    found = predict_posterior(constant(0, 0), ones(0.6), TIMESTEPS, 1, ALPHAS_CUMPROD)
    assert found.variance.item() == pytest.approx(math.sqrt(0.5 * (0.5 * 0.2 / 0.6)))


def test_clean_image_is_clipped() -> None:
    found = predict_posterior(constant(0, 0), ones(9.0), TIMESTEPS, 1, ALPHAS_CUMPROD)
    assert found.x_0.item() == 1


def test_last_step_has_a_variance_and_no_noise() -> None:
    found = predict_posterior(constant(0, -1), ones(0.5), TIMESTEPS, 0, ALPHAS_CUMPROD)
    assert found.variance.item() == pytest.approx(0.5 * 0.2 / 0.6)
    assert torch.equal(draw(found, ones(3.0), 0), found.mean)
    first = predict_posterior(constant(0, 0), ones(0.5), TIMESTEPS, 1, ALPHAS_CUMPROD)
    expected = first.mean + 3 * first.variance.sqrt()
    torch.testing.assert_close(draw(first, ones(3.0), 1), expected)
