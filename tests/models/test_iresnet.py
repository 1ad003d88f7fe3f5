import pytest
import torch
from torch.nn import functional

from idfsr.models.iresnet import (
    EMBEDDED,
    IRESNET50,
    IRESNET100,
    IBasicBlock,
    IResNet,
    IResNetConfig,
)

from .golden_values import golden_keys, shapes

TINY = IResNetConfig((1, 2, 1, 1), (4, 6, 8, 10))


@pytest.mark.parametrize(
    ("name", "config", "num_parameters"),
    [("iresnet50", IRESNET50, 43_590_848), ("iresnet100", IRESNET100, 65_156_160)],
)
def test_has_the_published_names_and_shapes(
    name: str, config: IResNetConfig, num_parameters: int
) -> None:
    with torch.device("meta"):
        network = IResNet(config)
    assert shapes(network) == golden_keys(f"arcface_{name}")
    assert sum(parameter.numel() for parameter in network.parameters()) == num_parameters


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
