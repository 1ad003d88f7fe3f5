import torch
from torch import nn

from idfsr.models.mobilefacenet import MobileFaceNet, Residual

from .golden_values import golden_keys, shapes


def test_has_the_published_names_and_shapes() -> None:
    with torch.device("meta"):
        network = MobileFaceNet()
    assert shapes(network) == golden_keys("arcface_mobilefacenet")
    assert sum(parameter.numel() for parameter in network.parameters()) == 2_059_520


def test_bottlenecks_keep_their_sizes_and_add_to_their_input() -> None:
    network = MobileFaceNet().eval()
    sizes = []
    for layer in network.layers:
        layer.register_forward_hook(lambda _module, _in, out: sizes.append(tuple(out.shape[1:])))
    network(torch.zeros(1, 3, 112, 112))
    assert sizes == [
        (128, 56, 56), (128, 56, 56), (128, 28, 28), (128, 28, 28),
        (256, 14, 14), (256, 14, 14), (256, 7, 7), (256, 7, 7),
    ]  # fmt: skip
    residual = Residual(4, 8, 1).eval()
    x = torch.randn(2, 4, 5, 5)
    torch.testing.assert_close(residual(x), x + residual.layers[0](x))


def test_convolutions_have_groups_where_the_published_ones_do() -> None:
    groups = [m.groups for m in MobileFaceNet().modules() if isinstance(m, nn.Conv2d)]
    assert [g for g in groups if g > 1] == [64, *[128] * 5, *[256] * 7, 512, 256, 256, 512]
