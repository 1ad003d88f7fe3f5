import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from idfsr.diffusion.schedule import ddim_timesteps
from idfsr.methods.engine.check import check_method, check_restorer, make_examples
from idfsr.methods.engine.contract import Context
from idfsr.methods.engine.registry import find_method
from idfsr.methods.pgdiff import PgDiffConfig
from idfsr.methods.pgdiff.restore import (
    PgDiff,
    identity_gradient,
    pgdiff_sample,
    semantics_gradient,
)
from idfsr.models.iresnet import IResNet
from idfsr.models.rrdb import TimedRestorer
from idfsr.models.unet import UNet
from tests.methods.stub import (
    ALPHAS_CUMPROD,
    assert_golden,
    golden,
    normal_image,
    predict,
    uniform_image,
)
from tests.methods.tiny import ARCFACE, PRIOR, RESTORER, save_network, use_tiny_networks


@pytest.mark.parametrize("scale", [0.05, 0.1])
def test_sampler_is_the_published_one(scale: float) -> None:
    degraded = uniform_image(7, 8)
    asked: list[int] = []

    def gradient(x_0: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        asked.append(int(t))
        estimate = 0.8 * degraded + 0.1 * torch.tanh(x_t) + 0.05 * t / 1000
        return semantics_gradient(x_0, estimate.clamp(-1, 1))

    def draw_noise() -> Tensor:
        if not asked:
            torch.manual_seed(0)
            return normal_image(8, 8)
        return torch.randn(1, 3, 8, 8)

    timesteps = ddim_timesteps(1000, 100)
    assert timesteps == golden("pgdiff")["timestep_map"]
    x_0 = pgdiff_sample(predict, gradient, timesteps, ALPHAS_CUMPROD, scale, draw_noise)
    assert asked == timesteps[::-1]
    assert_golden(x_0, golden("pgdiff")[f"ddpm100_restoration_s{scale}"])


def test_identity_gradient_by_hand() -> None:
    """25 (2 x - 1)^2 with x = 2 has the slope 25 * 2 * 3 * 2 = 300."""
    x_0 = torch.full((1, 1, 1, 1), 2.0)
    found = identity_gradient(x_0, lambda image: 2 * image.flatten(1), torch.ones(1, 1))
    assert found.item() == pytest.approx(300)


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    use_tiny_networks(monkeypatch)
    weights = {
        "iddpm_ffhq512": save_network(UNet(PRIOR), tmp_path / "prior"),
        "pgdiff_restorer": save_network(TimedRestorer(RESTORER), tmp_path / "restorer"),
        "pgdiff_arcface": save_network(IResNet(ARCFACE), tmp_path / "arcface"),
    }
    settings = PgDiffConfig(num_inference_steps=4)
    return Context(seed=0, settings=settings, scale_factor=8, weights=weights)


def without_reference(context: Context) -> Context:
    weights = {name: context.weights[name] for name in find_method("pgdiff").weights}
    return dataclasses.replace(context, weights=weights)


def test_what_it_says_of_itself() -> None:
    for name, needs in (("pgdiff", ()), ("pgdiff-ref", ("reference",))):
        check_method(find_method(name))
        assert find_method(name).needs == needs


def test_method_keeps_the_contract(context: Context) -> None:
    check_restorer(PgDiff.load(without_reference(context)), make_examples(16, 8, 3))


def test_reference_guides(context: Context) -> None:
    """Without a reference the method is blind to it; with one, each image sees its own."""
    examples = make_examples(16, 8, 3)
    method = PgDiff.load(context)
    check_restorer(method, examples)
    swapped = {**examples, "warped_ref": examples["warped_ref"].flip(0)}
    changed = method.restore(swapped) != method.restore(examples)
    assert changed[0].any()
    assert not changed[1].any()
    alone = PgDiff.load(without_reference(context))
    np.testing.assert_array_equal(alone.restore(swapped), alone.restore(examples))
