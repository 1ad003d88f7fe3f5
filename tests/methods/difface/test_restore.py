import dataclasses
from pathlib import Path

import pytest
import torch

from idfsr.diffusion.process import q_sample
from idfsr.methods.difface import DifFaceConfig
from idfsr.methods.difface.restore import DifFace, difface_sample
from idfsr.methods.engine.check import check_restorer, make_examples
from idfsr.methods.engine.contract import Context
from idfsr.methods.engine.native import weights_digest
from idfsr.models.swinir import SwinIR
from idfsr.models.unet import UNet
from tests.methods.stub import (
    ALPHAS_CUMPROD,
    assert_golden,
    denoise,
    golden,
    normal_image,
    uniform_image,
)
from tests.methods.tiny import PRIOR, SWINIR, save_network, use_tiny_networks


def test_estimate_is_noised_to_the_step_above_the_first() -> None:
    x_t = q_sample(uniform_image(5, 8), torch.tensor([400]), normal_image(6, 8), ALPHAS_CUMPROD)
    assert_golden(x_t, golden("difface")["q_sample_idx100"])


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
def test_sampler_is_the_published_one(eta: float) -> None:
    asked: list[int] = []

    def note(x_t: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        asked.append(int(t))
        return denoise(x_t, t)

    def draw_noise() -> torch.Tensor:
        if not asked:
            torch.manual_seed(0)
            return normal_image(6, 8)
        return torch.randn(1, 3, 8, 8)

    x_0 = difface_sample(note, uniform_image(5, 8), ALPHAS_CUMPROD, eta, draw_noise)
    assert asked == list(range(396, -1, -4))
    assert_golden(x_0, golden("difface")[f"ddim250_N100_eta{eta}"])


def test_method_keeps_the_contract_and_its_estimate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_tiny_networks(monkeypatch)
    weights = {
        "difface_swinir": save_network(SwinIR(SWINIR), tmp_path / "swinir"),
        "iddpm_ffhq512": save_network(UNet(PRIOR), tmp_path / "prior"),
    }
    method = DifFace.load(
        Context(
            seed=0,
            scale_factor=8,
            weights=weights,
            settings=DifFaceConfig(num_inference_steps=10),
        )
    )
    assert method.model_digest == weights_digest(weights.values())
    examples = make_examples(16, 8, 3)
    check_restorer(method, examples)
    other = dataclasses.replace(method, seed=1)
    assert (method.restore(examples) != other.restore(examples)).mean() > 0.1
