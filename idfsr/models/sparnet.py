"""SPARNet (Chen et al. 2021), the enhancer behind DR2: residual blocks with spatial attention.

An hourglass of convolutions in each block says where its change matters. Every convolution is
divided by its spectral norm; parameters have the names of the published file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import spectral_norm

from idfsr.models.blocks import Resample, resample

_SLOPE: Final = 0.2
"""Of every leaky ReLU below zero."""

_ATTENTION_CHANNELS: Final = 64


@dataclass(frozen=True, kw_only=True)
class SPARNetConfig:
    """A member of the family; the defaults are SPARNetHD's at 512 px."""

    image_size: int = 512
    """Side in pixels of the faces it enhances."""
    widths: tuple[int, ...] = (102, 204, 408, 512, 512)
    """Channels at the full size and after each halving."""
    num_blocks: int = 9
    """At the lowest size, besides the last that halves."""


class Norm(nn.Module):
    """Instance normalisation with a scale and a bias."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.InstanceNorm2d(channels, affine=True)

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
        """Normalise each channel of each image."""
        norm = self.norm  # as groups of one channel, which PyTorch does in half the time
        return functional.group_norm(x, norm.num_features, norm.weight, norm.bias, norm.eps)


class ConvLayer(nn.Module):
    """Enlargement or none, a convolution of the mirrored image, normalisation, activation."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        direction: Resample = "none",
        *,
        norm: bool = True,
        activation: bool = True,
    ) -> None:
        super().__init__()
        self.direction: Resample = direction
        self.activation = activation
        stride = 2 if direction == "down" else 1
        self.conv2d = spectral_norm(nn.Conv2d(in_channels, out_channels, 3, stride, bias=not norm))
        self.norm: nn.Module = Norm(out_channels) if norm else nn.Identity()

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B D h w"]:
        """Run the layer."""
        if self.direction == "up":
            x = resample(x, "up")
        out: Tensor = self.norm(self.conv2d(functional.pad(x, (1, 1, 1, 1), mode="reflect")))
        return functional.leaky_relu(out, _SLOPE) if self.activation else out


class Hourglass(nn.Module):
    """Attention: a factor in [0, 1] for each pixel, from several sizes of the image."""

    def __init__(self, channels: int, depth: int) -> None:
        super().__init__()
        self.depth = depth
        width = _ATTENTION_CHANNELS
        for level in range(depth, 0, -1):
            first = channels if level == depth else width
            self.add_module(f"b1_{level}", ConvLayer(first, width))
            self.add_module(f"b2_{level}", ConvLayer(first, width, "down"))
            self.add_module(f"b3_{level}", ConvLayer(width, width, "up"))
        self.b2_plus_1 = ConvLayer(width, width)
        self.out_block = nn.Sequential(
            ConvLayer(width, 1, norm=False, activation=False), nn.Sigmoid()
        )

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
        """Weigh the pixels."""
        factors: Tensor = self.out_block(self._look(x, self.depth))
        return x * factors

    def _look(self, x: Tensor, level: int) -> Tensor:
        side, down, up = (self.get_submodule(f"{part}_{level}") for part in ("b1", "b2", "b3"))
        small = down(x)
        low = self._look(small, level - 1) if level > 1 else self.b2_plus_1(small)
        seen: Tensor = side(x) + up(low)
        return seen


class AttendedBlock(nn.Module):
    """Two convolutions whose change is weighed by attention, added to a skip path."""

    def __init__(
        self, in_channels: int, out_channels: int, direction: Resample, depth: int
    ) -> None:
        super().__init__()
        self.shortcut_func: nn.Module = nn.Identity()
        if direction != "none" or in_channels != out_channels:
            self.shortcut_func = ConvLayer(
                in_channels, out_channels, direction, norm=False, activation=False
            )
        self.preact_func = nn.Sequential(Norm(in_channels), nn.LeakyReLU(_SLOPE))
        up: Resample = "up" if direction == "up" else "none"
        down: Resample = "down" if direction == "down" else "none"
        self.conv1 = ConvLayer(in_channels, out_channels, up)
        self.conv2 = ConvLayer(out_channels, out_channels, down, activation=False)
        self.att_func = Hourglass(out_channels, depth)

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B D h w"]:
        """Run the block."""
        changed: Tensor = self.att_func(self.conv2(self.conv1(self.preact_func(x))))
        skip: Tensor = self.shortcut_func(x)
        return skip + changed


class SPARNet(nn.Module):
    """The network: a face in [-1, 1] in, a sharper one out, of the same size."""

    def __init__(self, config: SPARNetConfig) -> None:
        super().__init__()
        self.image_size = config.image_size
        widths = config.widths
        levels = len(widths) - 1
        self.encoder = nn.Sequential(
            ConvLayer(3, widths[0], norm=False, activation=False),
            *_blocks(widths, "down", range(levels, 0, -1)),
        )
        lowest = widths[-1]
        self.res_layers = nn.Sequential(
            *(AttendedBlock(lowest, lowest, "none", 1) for _ in range(config.num_blocks))
        )
        self.decoder = nn.Sequential(*_blocks(widths[::-1], "up", range(2, levels + 2)))
        self.out_conv = ConvLayer(widths[0], 3, norm=False, activation=False)

    def forward(self, image: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 3 H W"]:
        """Enhance a face; the result may leave [-1, 1] a little."""
        enhanced: Tensor = self.out_conv(self.decoder(self.res_layers(self.encoder(image))))
        return enhanced


def _blocks(
    widths: Sequence[int], direction: Resample, depths: Sequence[int]
) -> list[AttendedBlock]:
    pairs = zip(widths[:-1], widths[1:], depths, strict=True)
    return [AttendedBlock(first, second, direction, depth) for first, second, depth in pairs]
