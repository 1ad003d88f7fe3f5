"""What a pretraining begins with."""

import dataclasses
from pathlib import Path

import pytest
import torch
from torch import Tensor

from idfsr.config.model import ModelConfig
from idfsr.errors import IdfsrError
from idfsr.models.checkpoint import save_model
from idfsr.models.encoder import SemanticEncoder
from idfsr.models.idfsr import encoder_config, unet_config
from idfsr.models.unet import UNet
from idfsr.models.weights import model_digest
from idfsr.run.config import Config, stage_settings
from idfsr.training.first_weights import FirstWeights, first_model
from tests.models.golden_values import fill_by_name, golden_keys
from tests.models.lightning import write_lightning

from .makers import TINY_MODEL

CONFIG = stage_settings(Config(model=TINY_MODEL), "pretrain")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IDFSR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def diffae() -> UNet:
    """DiffAE of the tiny sizes, its encoder as a child."""
    plain = dataclasses.replace(unet_config(TINY_MODEL), in_channels=3, num_id_heads=0)
    network = UNet(plain)
    network.encoder = SemanticEncoder(encoder_config(TINY_MODEL))
    fill_by_name(network)
    return network.eval().to(memory_format=torch.channels_last)


def test_random_weights_are_those_of_the_seed() -> None:
    (first, weights), (again, _) = (first_model(CONFIG, None) for _ in range(2))
    other, _ = first_model(dataclasses.replace(CONFIG, seed=1), None)
    name = "input_blocks.0.0.weight"
    assert torch.equal(first.state_dict()[name], again.state_dict()[name])
    assert not torch.equal(first.state_dict()[name], other.state_dict()[name])
    assert weights == FirstWeights(description="random")


def test_goes_on_from_an_idfsr_of_the_same_settings(tmp_path: Path) -> None:
    path = tmp_path / "init.safetensors"
    save_model(path, first_model(CONFIG, None)[0])
    model, weights = first_model(dataclasses.replace(CONFIG, seed=1), path)
    assert weights == FirstWeights(description=model_digest(path))
    name = "input_blocks.0.0.weight"
    assert torch.equal(model.state_dict()[name], first_model(CONFIG, None)[0].state_dict()[name])
    wider = dataclasses.replace(
        CONFIG, model=dataclasses.replace(TINY_MODEL, channel_mult=(1, 2, 2))
    )
    with pytest.raises(IdfsrError, match=r"init\.safetensors: found model\.channel_mult \(1, 2\)"):
        first_model(wider, path)


def test_first_step_from_a_checkpoint_is_diffaes(tmp_path: Path, diffae: UNet) -> None:
    path = write_lightning(tmp_path / "last.ckpt", diffae.state_dict())
    model, weights = first_model(CONFIG, path)
    model.eval()
    x_t, t, z_s = torch.randn(2, 3, 32, 32), torch.tensor([5, 950]), torch.randn(2, 16)
    masked_lr, z_id = torch.randn(2, 3, 32, 32), torch.randn(2, 512)
    expected = diffae(x_t, t, z_s)
    assert expected.std() > 0.1
    assert (model(x_t, t, masked_lr, z_s, z_id) - expected).abs().max() == 0
    assert torch.equal(model.encode_style(x_t), diffae.encoder(x_t))
    num_copied = len(diffae.state_dict()) - 1
    assert weights.description.startswith(
        f"DiffAE {model_digest(path)}: {num_copied} tensors as they are, 1 in"
    )


@pytest.mark.parametrize("writable", [True, False])
def test_checkpoint_is_converted_once(
    tmp_path: Path, cache: Path, diffae: UNet, *, writable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: writable)
    path = write_lightning(tmp_path / "last.ckpt", diffae.state_dict())
    first, _ = first_model(CONFIG, path)
    (converted,) = (tmp_path if writable else cache).glob("diffae-*.safetensors")
    assert converted.name == f"diffae-{model_digest(path)}.safetensors"
    before = converted.stat().st_mtime_ns
    again, _ = first_model(CONFIG, path)
    assert converted.stat().st_mtime_ns == before
    for name, tensor in first.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor)


def test_checkpoint_of_another_network_is_one_line(tmp_path: Path, diffae: UNet) -> None:
    path = write_lightning(tmp_path / "last.ckpt", diffae.state_dict())
    deeper = dataclasses.replace(CONFIG, model=dataclasses.replace(TINY_MODEL, num_res_blocks=2))
    with pytest.raises(IdfsrError, match=r"last\.ckpt: tensors of another network: \d+ missing"):
        first_model(deeper, path)
    other = dataclasses.replace(CONFIG, model=dataclasses.replace(TINY_MODEL, prediction="v"))
    with pytest.raises(IdfsrError, match=r"last\.ckpt: DiffAE predicts epsilon, found .* v"):
        first_model(other, path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "config"),
    [
        (256, ModelConfig()),
        (
            128,
            ModelConfig(
                image_size=128,
                channel_mult=(1, 1, 2, 3, 4),
                encoder_channel_mult=(1, 1, 2, 3, 4, 4),
            ),
        ),
    ],
)
def test_published_layout_is_taken_whole(tmp_path: Path, size: int, config: ModelConfig) -> None:
    """All tensors of the published file have a place; each holds its own number."""
    published = golden_keys(f"diffae_ffhq{size}_autoenc")
    state: dict[str, Tensor] = {
        name: torch.full((1,), float(number)).expand(shape)
        for number, (name, shape) in enumerate(published.items())
    }
    path = write_lightning(tmp_path / "last.ckpt", state | {"latent_net.a": torch.zeros(1)})
    model, weights = first_model(stage_settings(Config(model=config), "pretrain"), path)
    assert f"{len(published) - 1} tensors as they are, 1 inflated, 52 new" in weights.description
    loaded = model.state_dict()
    for number, name in enumerate(published):
        channels = 3 if name == "input_blocks.0.0.weight" else None
        assert (loaded[name][:, :channels] if channels else loaded[name]).eq(number).all(), name
    assert not loaded["input_blocks.0.0.weight"][:, 3:].any()
