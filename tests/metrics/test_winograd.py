import pytest
import torch
from torch import nn

from idfsr.metrics.winograd import IMAGES_AT_ONCE, WinogradConv2d


def make_convolution(dtype: torch.dtype) -> nn.Conv2d:
    torch.manual_seed(0)
    return nn.Conv2d(5, 7, 3, padding=1, dtype=dtype)


@pytest.mark.parametrize("size", [(4, 4), (14, 14), (7, 10), (1, 3)])
def test_agrees_with_pytorch(size: tuple[int, int]) -> None:
    convolution = make_convolution(torch.float64)
    x = torch.randn(2, 5, *size, dtype=torch.float64)
    found = WinogradConv2d(convolution)(x)
    torch.testing.assert_close(found, convolution(x), rtol=1e-12, atol=1e-12)


def test_float32_loses_one_digit() -> None:
    convolution = make_convolution(torch.float32)
    x = torch.randn(2, 5, 16, 16)
    error = (WinogradConv2d(convolution)(x) - convolution(x)).abs().max() / x.std()
    assert error < 2e-5


def test_neither_batch_nor_memory_layout_matters() -> None:
    winograd = WinogradConv2d(make_convolution(torch.float64))
    x = torch.randn(IMAGES_AT_ONCE + 1, 5, 8, 8, dtype=torch.float64)
    together = winograd(x)
    torch.testing.assert_close(winograd(x[-1:]), together[-1:])
    channels_last = x.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(winograd(channels_last), together)
    assert together.shape == (IMAGES_AT_ONCE + 1, 7, 8, 8)


@pytest.mark.parametrize("options", [{"stride": 2}, {"padding": 0}, {"bias": False}])
def test_other_convolutions_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(AssertionError):
        WinogradConv2d(nn.Conv2d(2, 2, 3, **({"padding": 1} | options)))
