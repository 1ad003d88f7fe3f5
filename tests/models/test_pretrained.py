import dataclasses
from pathlib import Path

import pytest
import torch
from torch import Tensor

from idfsr.config.model import ModelConfig
from idfsr.errors import IdfsrError
from idfsr.models.encoder import SemanticEncoder
from idfsr.models.idfsr import IDFSR, encoder_config, unet_config
from idfsr.models.pretrained import (
    inflate_first_conv,
    load_diffae_state,
    read_diffae_checkpoint,
)
from idfsr.models.unet import UNet

from .golden_values import fill_by_name
from .lightning import write_lightning


@pytest.fixture
def diffae(tiny_config: ModelConfig) -> UNet:
    """A small DiffAE: three channels in, no ID attention, its encoder as a child."""
    plain = dataclasses.replace(unet_config(tiny_config), in_channels=3, num_id_heads=0)
    network = UNet(plain)
    network.encoder = SemanticEncoder(encoder_config(tiny_config))
    fill_by_name(network)
    return network.eval().to(memory_format=torch.channels_last)


@pytest.fixture
def state(diffae: UNet) -> dict[str, Tensor]:
    return dict(diffae.state_dict())


def test_inflated_convolution_ignores_the_new_channels() -> None:
    weight = torch.randn(4, 3, 3, 3)
    inflated = inflate_first_conv(weight, 6)
    assert inflated.shape == (4, 6, 3, 3)
    assert torch.equal(inflated[:, :3], weight)
    assert inflated[:, 3:].abs().max() == 0


def test_first_step_is_diffaes(
    tiny_config: ModelConfig, diffae: UNet, state: dict[str, Tensor]
) -> None:
    network = IDFSR(tiny_config).eval()
    load_diffae_state(network, state, "last.ckpt")
    x_t, t, z_s = torch.randn(2, 3, 16, 16), torch.tensor([5, 950]), torch.randn(2, 20)
    masked_lr, z_id = 5 * torch.randn(2, 3, 16, 16), torch.randn(2, 512)
    expected = diffae(x_t, t, z_s)
    assert expected.std() > 0.1
    assert (network(x_t, t, masked_lr, z_s, z_id) - expected).abs().max() == 0
    assert torch.equal(network.encode_style(x_t), diffae.encoder(x_t))


def test_report_names_exactly_the_id_parameters(
    tiny_config: ModelConfig, state: dict[str, Tensor]
) -> None:
    network = IDFSR(tiny_config)
    report = load_diffae_state(network, state, "last.ckpt")
    assert report.num_copied == len(state) - 1
    assert report.inflated == ("input_blocks.0.0.weight",)
    assert set(report.new) == set(network.state_dict()) - set(state)
    # four sites of norm, q, kv, proj_out and the projector's two layers, weight and bias each
    assert len(report.new) == 4 * 8 + 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"out.2.bias": None}, "1 missing such as out.2.bias"),
        ({"latent_net.weight": torch.zeros(1)}, "1 unexpected such as latent_net.weight"),
        ({"out.2.bias": torch.zeros(6)}, r"out.2.bias has shape \(6,\), wanted \(3,\)"),
        ({"input_blocks.0.0.weight": None}, "missing such as input_blocks.0.0.weight"),
    ],
)
def test_other_weights_are_refused(
    tiny_config: ModelConfig,
    state: dict[str, Tensor],
    change: dict[str, Tensor | None],
    message: str,
) -> None:
    changed = {name: tensor for name, tensor in (state | change).items() if tensor is not None}
    with pytest.raises(IdfsrError, match=f"^last.ckpt: .*{message}"):
        load_diffae_state(IDFSR(tiny_config), changed, "last.ckpt")


def test_averaged_weights_are_taken_from_the_checkpoint(
    tmp_path: Path, state: dict[str, Tensor]
) -> None:
    path = write_lightning(tmp_path / "last.ckpt", state | {"latent_net.a": torch.zeros(1)})
    found = read_diffae_checkpoint(path)
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in state.items())


def test_other_checkpoints_are_one_line(tmp_path: Path, state: dict[str, Tensor]) -> None:
    path = tmp_path / "last.ckpt"
    for content, found in (
        (state, "found keys time_embed.time_embed.0.weight"),
        ({"state_dict": {"model.a": torch.zeros(1)}}, "found keys state_dict, wanted a checkpoint"),
        ([1], "found list, wanted a checkpoint of DiffAE with tensors state_dict.ema_model"),
    ):
        torch.save(content, path)
        with pytest.raises(IdfsrError, match=f"last.ckpt: {found}"):
            read_diffae_checkpoint(path)
