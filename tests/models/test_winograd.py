import copy
import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from idfsr.models.unet import UNet
from idfsr.models.winograd import WinogradConv2d, convolve, map_kernel, speed_up

from .golden_values import fill_by_name, normal_vector, uniform_image
from .test_unet import make_tiny


def make_convolution(in_channels: int, out_channels: int) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 3, padding=1).requires_grad_(False)


def make_network() -> UNet:
    """Return a U-Net with convolutions of 128 channels at 16 px, and of 64 beside them."""
    network = make_tiny(model_channels=64, image_size=32, attention_resolutions=(16,))
    fill_by_name(network)
    return network.eval().requires_grad_(False)


@pytest.mark.parametrize(
    ("num", "in_channels", "out_channels", "height", "width"),
    [(1, 3, 5, 4, 4), (2, 8, 3, 12, 20), (3, 7, 9, 64, 8), (1, 16, 16, 8, 600), (5, 4, 4, 36, 64)],
)
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_is_the_convolution(
    num: int,
    in_channels: int,
    out_channels: int,
    height: int,
    width: int,
    memory_format: torch.memory_format,
) -> None:
    convolution = make_convolution(in_channels, out_channels)
    x = torch.randn(num, in_channels, height, width).contiguous(memory_format=memory_format)
    found = convolve(x, map_kernel(convolution.weight), convolution.bias)
    wanted = functional.conv2d(
        x.double(), convolution.weight.double(), convolution.bias.double(), padding=1
    )
    torch.testing.assert_close(found.double(), wanted, rtol=0, atol=2e-5)
    assert found.is_contiguous(memory_format=torch.channels_last)


def test_rounds_hardly_worse_than_the_convolution() -> None:
    convolution = make_convolution(128, 128)
    x = functional.silu(torch.randn(1, 128, 64, 64))
    wanted = functional.conv2d(
        x.double(), convolution.weight.double(), convolution.bias.double(), padding=1
    )
    ours = convolve(x, map_kernel(convolution.weight), convolution.bias) - wanted
    ordinary = convolution(x) - wanted
    assert ours.square().mean() < 6**2 * ordinary.square().mean()


@torch.no_grad()
@pytest.mark.parametrize(
    ("num", "height", "width"),
    [(1, 16, 16), (4, 8, 8), (1, 18, 16), (2, 16, 17), (1, 14, 14), (16, 1, 3), (1, 8, 8)],
)
def test_takes_images_of_any_size(num: int, height: int, width: int) -> None:
    convolution = make_convolution(128, 128)
    x = torch.randn(num, 128, height, width)
    fast = WinogradConv2d(convolution)
    torch.testing.assert_close(fast(x), convolution(x), rtol=0, atol=2e-5)
    tiles = num * math.ceil(height / 4) * math.ceil(width / 4)
    assert (fast(x) != convolution(x)).any() == (tiles >= 16)


def test_is_ordinary_where_a_gradient_is_wanted_or_digits_are_fewer() -> None:
    convolution = make_convolution(128, 128)
    fast = WinogradConv2d(convolution)
    x = torch.randn(1, 128, 16, 16)
    assert fast(x).equal(convolution(x))
    with torch.no_grad():
        assert not fast(x).equal(convolution(x))
        assert fast.bfloat16()(x.bfloat16()).equal(convolution.bfloat16()(x.bfloat16()))


@torch.no_grad()
def test_speeds_up_the_wide_convolutions_of_a_network() -> None:
    network = make_network()
    fast = speed_up(copy.deepcopy(network))
    turned = [each for each in fast.modules() if isinstance(each, WinogradConv2d)]
    sizes = {(each.in_channels, each.out_channels) for each in turned}
    assert sizes == {(128, 128), (256, 128), (192, 128)}
    assert fast.state_dict().keys() == network.state_dict().keys()
    inputs = uniform_image(1, 32), torch.tensor([500]), normal_vector(20, 2)
    torch.testing.assert_close(fast(*inputs), network(*inputs), rtol=0, atol=1e-4)
    assert not fast(*inputs).equal(network(*inputs))
