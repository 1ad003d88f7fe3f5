import dataclasses
import hashlib
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from idfsr.config.model import ModelConfig
from idfsr.errors import IdfsrError
from idfsr.models.checkpoint import load_idfsr, save_model
from idfsr.models.idfsr import IDFSR
from idfsr.models.weights import (
    dump_settings,
    halve_precision,
    model_digest,
    read_metadata,
    save_tensors,
    save_weights,
)

from .golden_values import fill_by_name


@pytest.fixture
def network(tiny_config: ModelConfig) -> IDFSR:
    network = IDFSR(tiny_config)
    fill_by_name(network)
    return network


def test_round_trip_keeps_every_bit(tmp_path: Path, network: IDFSR) -> None:
    path = tmp_path / "model.safetensors"
    network.id_encoder = "iresnet50-0123456789abcdef"
    save_model(path, network)
    loaded = load_idfsr(path, "cpu")
    assert loaded.config == network.config
    assert loaded.id_encoder == network.id_encoder
    assert not loaded.training
    for name, tensor in network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)


def test_half_precision_is_on_disk_only(tmp_path: Path, network: IDFSR) -> None:
    path, whole = tmp_path / "half.safetensors", tmp_path / "model.safetensors"
    save_model(whole, network)
    halve_precision(whole, path, {})
    assert {tensor.dtype for tensor in load_file(path).values()} == {torch.float16}
    for name, tensor in load_idfsr(path).state_dict().items():
        assert tensor.dtype == torch.float32
        assert torch.equal(tensor, network.state_dict()[name].half().float())


def test_integers_keep_their_type_in_half_precision(tmp_path: Path) -> None:
    path = tmp_path / "norm.safetensors"
    save_weights(path, torch.nn.BatchNorm1d(2), {"name": "norm"})
    halve_precision(path, path, {})
    assert {name: tensor.dtype for name, tensor in load_file(path).items()} == {
        "weight": torch.float16,
        "bias": torch.float16,
        "running_mean": torch.float16,
        "running_var": torch.float16,
        "num_batches_tracked": torch.int64,
    }
    assert read_metadata(path) == {"name": "norm"}


def test_digest_is_the_start_of_the_sha256(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    assert model_digest(path) == "ba7816bf8f01cfea"
    assert model_digest(path) == hashlib.sha256(b"abc").hexdigest()[:16]


def test_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.safetensors"
    with pytest.raises(IdfsrError, match=r"none\.safetensors: no such file"):
        load_idfsr(path)
    with pytest.raises(IdfsrError, match="no such file"):
        model_digest(path)


def test_other_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(b"PK\x03\x04 no safetensors at all")
    with pytest.raises(IdfsrError, match=r"model\.pt: not a safetensors file"):
        load_idfsr(path)


def test_file_that_does_not_say_its_encoder_loads(tmp_path: Path, network: IDFSR) -> None:
    path = tmp_path / "model.safetensors"
    save_weights(path, network, {"model": dump_settings(network.config)})
    assert load_idfsr(path).id_encoder == ""
    assert load_idfsr(Path("idfsr/weights/idfsr64.safetensors")).config.image_size == 64


def test_other_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_tensors(path, {"a": torch.zeros(1)}, {"iresnet": "{}"})
    with pytest.raises(IdfsrError, match="metadata found: iresnet; wanted 'model'"):
        load_idfsr(path)


def test_settings_that_do_not_fit_are_named(tmp_path: Path, network: IDFSR) -> None:
    path = tmp_path / "model.safetensors"
    save_weights(path, network, {"model": '{"model_channels": 0}'})
    with pytest.raises(IdfsrError, match="metadata 'model': model_channels: "):
        load_idfsr(path)


def test_weights_that_do_not_fit_the_settings_are_refused(tmp_path: Path, network: IDFSR) -> None:
    path = tmp_path / "model.safetensors"
    config = network.config
    network.config = dataclasses.replace(config, style_channels=21)
    save_model(path, network)
    with pytest.raises(IdfsrError, match=r"cond_emb_layers.* has shape \(16, 20\), wanted"):
        load_idfsr(path)
    network.config = dataclasses.replace(config, num_res_blocks=2)
    save_model(path, network)
    with pytest.raises(IdfsrError, match=r"tensors of another network: .* missing such as"):
        load_idfsr(path)
