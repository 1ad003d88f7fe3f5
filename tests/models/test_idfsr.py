import pytest
import torch
from torch import Tensor

from idfsr.config.model import ModelConfig
from idfsr.constants import ID_DIM
from idfsr.models.idfsr import IDFSR, encoder_config, unet_config

from .golden_values import fill_by_name, golden_keys, shapes


def make_inputs() -> dict[str, Tensor]:
    return {
        "x_t": torch.randn(2, 3, 16, 16),
        "t": torch.tensor([3, 900]),
        "masked_lr": torch.rand(2, 3, 16, 16) * 2 - 1,
        "z_s": torch.randn(2, 20),
        "z_id": torch.nn.functional.normalize(torch.randn(2, ID_DIM)),
    }


@pytest.fixture
def network(tiny_config: ModelConfig) -> IDFSR:
    network = IDFSR(tiny_config).eval()
    fill_by_name(network)
    return network


def test_default_is_diffae_256_with_new_id_parameters() -> None:
    with torch.device("meta"):
        found = shapes(IDFSR(ModelConfig()))
    diffae = golden_keys("diffae_ffhq256_autoenc")
    diffae["input_blocks.0.0.weight"] = (128, 6, 3, 3)
    new = {name: shape for name, shape in found.items() if name not in diffae}
    assert {name: found[name] for name in diffae} == diffae
    sites = ["input_blocks.13.1", "input_blocks.14.1", "middle_block.1",
             "output_blocks.3.1", "output_blocks.4.1", "output_blocks.5.1"]  # fmt: skip
    assert {name.rsplit(".id_", 1)[0] for name in new if ".id_" in name} == set(sites)
    assert {name for name in new if ".id_" not in name} == {
        "id_projector.proj.weight", "id_projector.proj.bias",
        "id_projector.norm.weight", "id_projector.norm.bias",
    }  # fmt: skip
    assert new["id_projector.proj.weight"] == (4 * 512, 512)
    assert new["input_blocks.13.1.id_kv.weight"] == (2 * 512, 512)


def test_settings_reach_the_networks(tiny_config: ModelConfig) -> None:
    unet, encoder = unet_config(tiny_config), encoder_config(tiny_config)
    assert unet.in_channels == 6
    for name in ("image_size", "model_channels", "num_res_blocks", "num_heads", "style_channels"):
        assert getattr(unet, name) == getattr(encoder, name) == getattr(tiny_config, name)
    for name in ("channel_mult", "embed_channels", "dropout", "num_id_heads"):
        assert getattr(unet, name) == getattr(tiny_config, name)
    assert encoder.channel_mult == tiny_config.encoder_channel_mult
    assert unet.attention_resolutions == encoder.attention_resolutions == (8,)


def test_style_has_its_length(network: IDFSR) -> None:
    assert network.encode_style(torch.zeros(2, 3, 16, 16)).shape == (2, 20)


@pytest.mark.parametrize("name", ["x_t", "t", "masked_lr", "z_s", "z_id"])
def test_every_input_matters(network: IDFSR, name: str) -> None:
    inputs = make_inputs()
    before = network(**inputs)
    inputs[name] = inputs[name].flip(0)
    assert (network(**inputs) - before).abs().max() > 1e-3


def test_convention_x_t_stands_before_masked_lr(network: IDFSR) -> None:
    inputs = make_inputs()
    before = network(**inputs)
    with torch.no_grad():
        network.input_blocks[0][0].weight[:, 3:] = 0
    without = network(**inputs)
    assert not torch.allclose(before, without)
    assert torch.equal(network(**inputs | {"masked_lr": torch.randn(2, 3, 16, 16)}), without)


def test_z_id_is_not_normalised(network: IDFSR) -> None:
    inputs = make_inputs()
    before = network(**inputs)
    doubled = network(**inputs | {"z_id": 2 * inputs["z_id"]})
    assert not torch.allclose(before, doubled)


def test_z_id_can_be_fitted_with_all_else_frozen(network: IDFSR) -> None:
    network.requires_grad_(False)
    inputs = make_inputs()
    z_id = inputs["z_id"].requires_grad_()
    network(**inputs).square().sum().backward()
    assert z_id.grad is not None
    assert z_id.grad.abs().sum(dim=1).min() > 0


def test_projector_gives_different_normalised_tokens(network: IDFSR) -> None:
    torch.nn.init.ones_(network.id_projector.norm.weight)
    torch.nn.init.zeros_(network.id_projector.norm.bias)
    tokens = network.id_projector(make_inputs()["z_id"])
    assert tokens.shape == (2, 3, 24)
    torch.testing.assert_close(tokens.mean(dim=2), torch.zeros(2, 3), rtol=0, atol=1e-5)
    assert (tokens[:, 0] - tokens[:, 1]).abs().max() > 0.1
