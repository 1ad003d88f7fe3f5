from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch.nn import functional

from idfsr.errors import IdfsrError
from idfsr.models.iresnet import (
    EMBEDDED,
    IRESNET50,
    IBasicBlock,
    IdEncoder,
    IResNet,
    IResNetConfig,
    load_id_encoder,
    save_iresnet,
)
from idfsr.models.weights import halve_precision, model_digest, save_weights

from .golden_values import golden_keys, shapes

TINY = IResNetConfig((1, 2, 1, 1), (4, 6, 8, 10))


def test_iresnet50_has_the_published_names_and_shapes() -> None:
    with torch.device("meta"):
        network = IResNet(IRESNET50)
    assert shapes(network) == golden_keys("arcface_iresnet50")
    assert sum(parameter.numel() for parameter in network.parameters()) == 43_590_848


def test_embedded_network_is_small_on_disk() -> None:
    numbers = sum(tensor.numel() for tensor in IResNet(EMBEDDED).state_dict().values())
    assert 2 * numbers < 7.5e6


def test_block_normalises_three_times_and_adds_without_activation() -> None:
    block = IBasicBlock(3, 3, stride=1).eval()
    torch.nn.init.normal_(block.bn1.bias)
    x = torch.randn(2, 3, 5, 5)
    shifted = x / (1 + 1e-5) ** 0.5 + block.bn1.bias[:, None, None]
    h = functional.conv2d(shifted, block.conv1.weight, padding=1) / (1 + 1e-5) ** 0.5
    h = torch.where(h > 0, h, 0.25 * h)
    h = functional.conv2d(h, block.conv2.weight, padding=1) / (1 + 1e-5) ** 0.5
    torch.testing.assert_close(block(x), x + h)


def test_each_layer_halves_the_size() -> None:
    network = IResNet(TINY).eval()
    sizes = []
    for layer in (network.layer1, network.layer2, network.layer3, network.layer4):
        layer.register_forward_hook(lambda _module, _inputs, output: sizes.append(output.shape))
    network(torch.zeros(1, 3, 112, 112))
    assert [tuple(size) for size in sizes] == [
        (1, 4, 56, 56), (1, 6, 28, 28), (1, 8, 14, 14), (1, 10, 7, 7),
    ]  # fmt: skip


def test_scale_of_the_embedding_is_not_trained() -> None:
    network = IResNet(TINY)
    frozen = [name for name, p in network.named_parameters() if not p.requires_grad]
    assert frozen == ["features.weight"]


def test_encoder_gives_unit_vectors_and_is_frozen() -> None:
    encoder = IdEncoder(IResNet(TINY), "digest")
    crops = torch.rand(3, 3, 112, 112) * 2 - 1
    z_id = encoder.embed(crops)
    torch.testing.assert_close(z_id.norm(dim=1), torch.ones(3))
    torch.testing.assert_close(z_id, functional.normalize(encoder.network(crops)))
    assert not any(parameter.requires_grad for parameter in encoder.network.parameters())
    # evaluation mode: a face's embedding does not depend on its neighbours
    torch.testing.assert_close(encoder.embed(crops[:1]), z_id[:1], rtol=0, atol=1e-5)


def test_round_trip_in_half_precision(tmp_path: Path) -> None:
    path = tmp_path / "arcface.safetensors"
    network = IResNet(TINY)
    network(torch.randn(4, 3, 112, 112))  # gives the running statistics values
    save_iresnet(path, network)
    halve_precision(path, path)
    encoder = load_id_encoder(path, "cpu")
    assert encoder.digest == model_digest(path)
    assert encoder.network.config == TINY
    assert load_file(path)["fc.weight"].dtype == torch.float16
    crops = torch.randn(2, 3, 112, 112)
    expected = functional.normalize(network.eval()(crops))
    assert functional.cosine_similarity(encoder.embed(crops), expected).min() > 0.999


def test_settings_that_do_not_fit_are_named(tmp_path: Path) -> None:
    path = tmp_path / "arcface.safetensors"
    save_weights(path, IResNet(TINY), {"iresnet": '{"depths": [1, 1], "widths": [4, 6, 8, 10]}'})
    with pytest.raises(IdfsrError, match=r"arcface\.safetensors: metadata 'iresnet': depths"):
        load_id_encoder(path)
