import hashlib
from typing import Any

import pytest
import torch
from torch import Tensor

from idfsr.diffusion.ddim import ddim_reverse, ddim_sample, predict, seeded_noise
from idfsr.diffusion.schedule import ddim_timesteps, linear_alphas_cumprod

from .stub import GOLDEN, denoise, normal_image, uniform_image

TIMESTEPS = ddim_timesteps(1000, 20)
ALPHAS_CUMPROD = linear_alphas_cumprod(1000)


def assert_golden(found: Tensor, wanted: dict[str, Any]) -> None:
    assert list(found.shape) == wanted["shape"]
    assert found.flatten()[:8].tolist() == pytest.approx(wanted["first8"], abs=1e-5)
    assert found.mean().item() == pytest.approx(wanted["mean"], abs=1e-5)
    assert found.std().item() == pytest.approx(wanted["std"], abs=1e-5)


def test_sample_is_that_of_diffae() -> None:
    x_0 = ddim_sample(denoise, normal_image(2), TIMESTEPS, ALPHAS_CUMPROD)
    assert_golden(x_0, GOLDEN["ddim20_sample"])


def test_reverse_is_that_of_diffae() -> None:
    x_T = ddim_reverse(denoise, uniform_image(3), TIMESTEPS, ALPHAS_CUMPROD)
    assert_golden(x_T, GOLDEN["ddim20_reverse"])


def test_noise_is_derived_from_the_clipped_image() -> None:
    x_t = torch.tensor([3.0, 0.5])[:, None, None, None]
    x_0, eps = predict(lambda x, _t: torch.zeros_like(x), x_t, 7, 0.64)
    assert x_0.flatten().tolist() == pytest.approx([1.0, 0.625])
    # (3 - 0.8 * 1) / 0.6, and nothing where nothing was clipped
    assert eps.flatten().tolist() == pytest.approx([11 / 3, 0.0], abs=1e-6)


def test_one_step_of_a_perfect_denoiser_gives_the_image() -> None:
    x_0, noise = uniform_image(1), normal_image(2)
    t = 500
    x_t = ALPHAS_CUMPROD[t].sqrt().float() * x_0 + (1 - ALPHAS_CUMPROD[t]).sqrt().float() * noise
    found = ddim_sample(lambda _x, _t: noise, x_t, [t], ALPHAS_CUMPROD)
    torch.testing.assert_close(found, x_0, rtol=0, atol=1e-5)


def test_timesteps_go_down() -> None:
    asked: list[list[int]] = []

    def note(x_t: Tensor, t: Tensor) -> Tensor:
        asked.append(t.tolist())
        return denoise(x_t, t)

    ddim_sample(note, normal_image(2).repeat(2, 1, 1, 1), [0, 50, 100], ALPHAS_CUMPROD)
    assert asked == [[100, 100], [50, 50], [0, 0]]


def test_images_of_a_batch_do_not_touch() -> None:
    x_T = torch.cat([normal_image(2), normal_image(5)])
    both = ddim_sample(denoise, x_T, TIMESTEPS, ALPHAS_CUMPROD)
    alone = ddim_sample(denoise, x_T[1:], TIMESTEPS, ALPHAS_CUMPROD)
    assert torch.equal(both[1:], alone)


def test_noise_belongs_to_key_and_seed() -> None:
    batch = seeded_noise(["00082/3", "00082/4"], 0, (3, 4, 5))
    assert batch.shape == (2, 3, 4, 5)
    assert torch.equal(seeded_noise(["00082/4"], 0, (3, 4, 5))[0], batch[1])
    assert not torch.equal(batch[0], batch[1])
    assert not torch.equal(seeded_noise(["00082/3"], 1, (3, 4, 5))[0], batch[0])


def test_convention_seed_is_the_start_of_the_sha256_of_seed_and_key() -> None:
    digest = hashlib.sha256(b"7:00082/3").hexdigest()
    generator = torch.Generator().manual_seed(int(digest[:16], 16) // 2)
    expected = torch.randn((1, 2, 2), generator=generator)
    assert torch.equal(seeded_noise(["00082/3"], 7, (1, 2, 2))[0], expected)


def test_noise_is_standard_normal() -> None:
    noise = seeded_noise([str(index) for index in range(200)], 0, (3, 8, 8))
    assert noise.mean().item() == pytest.approx(0, abs=0.02)
    assert noise.std().item() == pytest.approx(1, abs=0.02)
