from pathlib import Path

import pytest
import torch

from idfsr.diffusion.schedule import spread_timesteps
from idfsr.methods.dr2 import Dr2Config, Dr2Filter
from idfsr.methods.dr2.restore import Dr2, dr2_sample, first_step
from idfsr.methods.engine.check import check_restorer, make_examples
from idfsr.methods.engine.contract import Context
from idfsr.models.sparnet import SPARNet
from idfsr.models.unet import UNet
from tests.methods.stub import ALPHAS_CUMPROD, assert_golden, golden, predict, uniform_image
from tests.methods.tiny import PRIOR, SPARNET, save_network, use_tiny_networks

TIMESTEPS = spread_timesteps(1000, 100)


@pytest.mark.parametrize(
    ("factor", "tau", "omega"), [(4, 22, 42), (8, 35, 60), (16, 35, 65), (1, 5, 10)]
)
def test_sampler_is_the_published_one(factor: int, tau: int, omega: int) -> None:
    settings = Dr2Filter(factor=factor, tau=tau)
    assert first_step(settings) == omega
    torch.manual_seed(0)
    x_0 = dr2_sample(
        predict,
        uniform_image(9, 32),
        settings,
        TIMESTEPS,
        ALPHAS_CUMPROD,
        lambda: torch.randn(1, 3, 32, 32),
    )
    assert_golden(x_0, golden("dr2")[f"dr2_N{factor}_tau{tau}_omega{omega}"])


def test_settings_of_every_scale_stay_within_the_steps() -> None:
    assert first_step(Dr2Filter(factor=32, tau=69)) == 99
    assert [Dr2Config().of_scale(scale).factor for scale in (4, 8, 16, 32)] == [4, 8, 16, 32]
    assert first_step(Dr2Filter(factor=2, tau=0)) == 10


def test_method_keeps_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_tiny_networks(monkeypatch)
    weights = {
        "dr2_prior": save_network(UNet(PRIOR), tmp_path / "prior"),
        "dr2_enhancer": save_network(SPARNet(SPARNET), tmp_path / "sparnet"),
    }
    settings = Dr2Config(x16=Dr2Filter(factor=1, tau=2))
    method = Dr2.load(Context(seed=0, settings=settings, scale_factor=16, weights=weights))
    assert method.settings == Dr2Filter(factor=1, tau=2)
    check_restorer(method, make_examples(32, 16, 3))
