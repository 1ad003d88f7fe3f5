"""Bricks of ASFFNet and DMDNet: convolutions with spectral normalisation, two by two.

There is no other normalisation in these networks. The names of parameters are those of PyTorch's
first `spectral_norm`, which the published weight files have: `weight_orig`, `weight_u`, `weight_v`.
"""

from collections.abc import Callable, Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import remove_spectral_norm, spectral_norm

SLOPE = 0.2
"""Of every leaky ReLU below zero."""

NUM_ITERATIONS = 50
"""Of the power iteration after a training."""


def spectral_conv(
    in_channels: int,
    out_channels: int,
    kernel: int = 3,
    *,
    stride: int = 1,
    dilation: int = 1,
    bias: bool = True,
) -> nn.Conv2d:
    """Build a convolution that keeps the size at stride 1, divided by its spectral norm.

    Miyato et al. (2018), Eq. 8: W / sigma(W), sigma estimated by power iteration in training and
    taken from the stored vectors in evaluation.
    """
    padding = dilation * (kernel // 2)
    return spectral_norm(
        nn.Conv2d(in_channels, out_channels, kernel, stride, padding, dilation, bias=bias)
    )


@torch.no_grad()
def settle_spectral_norm(network: nn.Module) -> None:
    """Bring the stored vectors to the weights' singular ones, by power iteration.

    Training follows moving weights with one iteration a step. Averaged over steps, as weights are,
    the vectors are shorter than 1 and belong to no weight, and the norm comes out too small.
    """
    for module in network.modules():
        if not hasattr(module, "weight_orig"):
            continue
        weight, u = module.get_parameter("weight_orig").flatten(1), module.get_buffer("weight_u")
        for _ in range(NUM_ITERATIONS):
            v = functional.normalize(weight.T @ u, dim=0)
            u = functional.normalize(weight @ v, dim=0)
        module.get_buffer("weight_u").copy_(u)
        module.get_buffer("weight_v").copy_(v)


def fold_spectral_norm(network: nn.Module) -> None:
    """Replace weights by what evaluation makes of them, once instead of at each call."""
    for module in network.modules():
        if hasattr(module, "weight_orig"):
            remove_spectral_norm(module)


def conv_pair(
    in_channels: int,
    out_channels: int,
    *,
    stride: int = 1,
    dilations: tuple[int, int] = (1, 1),
) -> nn.Sequential:
    """Build convolution, leaky ReLU, convolution; only the first has the stride."""
    first, second = dilations
    return nn.Sequential(
        spectral_conv(in_channels, out_channels, stride=stride, dilation=first),
        nn.LeakyReLU(SLOPE),
        spectral_conv(out_channels, out_channels, dilation=second),
    )


class Residuals(nn.Module):
    """Pairs of convolutions one after the other, each added to what it gets.

    Args:
        channels: In and out.
        pairs: The dilations of each, by its name in the published files.
        activated: Whether a leaky ReLU follows the second one too.
    """

    def __init__(
        self,
        channels: int,
        pairs: Mapping[str, tuple[int, int]],
        *,
        activated: bool = False,
    ) -> None:
        super().__init__()
        for name, dilations in pairs.items():
            pair = conv_pair(channels, channels, dilations=dilations)
            self.add_module(name, pair.append(nn.LeakyReLU(SLOPE)) if activated else pair)

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
        """Add pair after pair."""
        for pair in self.children():
            x = x + pair(x)
        return x


class DilatedViews(nn.Module):
    """Views of four dilations side by side, merged and added.

    Args:
        make_view: Makes the branch of a dilation.
        merge: From the channels of all four to those of the input.
    """

    def __init__(self, make_view: Callable[[int], nn.Module], merge: nn.Module) -> None:
        super().__init__()
        self.conv1, self.conv2, self.conv3, self.conv4 = map(make_view, (4, 3, 2, 1))
        self.convi = merge

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
        """Look at several scales."""
        views = [view(x) for view in (self.conv1, self.conv2, self.conv3, self.conv4)]
        merged: Tensor = self.convi(torch.cat(views, dim=1))
        return x + merged
