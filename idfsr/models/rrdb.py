"""The restorer that guides PGDiff: RRDBNet (Wang et al. 2018, ESRGAN) that sees x_t and its time.

Yang et al. (2023), section 3.2: the smooth semantics of a face are estimated anew at each step of
the sampling, from the degraded face and the noisy one together.
"""

from dataclasses import dataclass
from typing import Final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from idfsr.models.blocks import resample
from idfsr.models.unet import Sinusoids

_SLOPE: Final = 0.2
"""Of every leaky ReLU below zero."""

_RESIDUAL_SCALE: Final = 0.2
"""Of what a block adds."""

_FOLD: Final = 4
"""Pixels of a side that are folded into the channels."""

_TIME_CHANNELS: Final = 100


@dataclass(frozen=True, kw_only=True)
class RestorerConfig:
    """A member of the family; the defaults are PGDiff's at 512 px."""

    channels: int = 64
    growth: int = 32
    """Channels that each convolution of a dense block adds to what the next ones see."""
    num_blocks: int = 23


class DenseBlock(nn.Module):
    """Five convolutions, each of which sees all before it."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        for index in range(1, 6):
            out_channels = channels if index == 5 else growth  # noqa: PLR2004  the last one
            seen = channels + (index - 1) * growth
            self.add_module(f"conv{index}", nn.Conv2d(seen, out_channels, 3, padding=1))

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
        """Add a little to x."""
        seen = x
        *growing, last = self.children()
        for convolution in growing:
            seen = torch.cat([seen, functional.leaky_relu(convolution(seen), _SLOPE)], dim=1)
        added: Tensor = last(seen)
        return x + _RESIDUAL_SCALE * added


class ResidualDenseBlocks(nn.Module):
    """Three dense blocks, of which a little is added (RRDB)."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = (DenseBlock(channels, growth) for _ in range(3))

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
        """Add a little to x."""
        added: Tensor = self.rdb3(self.rdb2(self.rdb1(x)))
        return x + _RESIDUAL_SCALE * added


class RRDBNet(nn.Module):
    """The network without its condition: folds the image, works on it, unfolds it."""

    def __init__(self, in_channels: int, channels: int, growth: int, num_blocks: int) -> None:
        super().__init__()
        self.conv_first = _convolution(in_channels * _FOLD**2, channels)
        self.body = nn.Sequential(
            *(ResidualDenseBlocks(channels, growth) for _ in range(num_blocks))
        )
        self.conv_body = _convolution(channels, channels)
        self.conv_up1 = _convolution(channels, channels)
        self.conv_up2 = _convolution(channels, channels)
        self.conv_hr = _convolution(channels, channels)
        self.conv_last = _convolution(channels, 3)

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B 3 H W"]:
        """Work on an image."""
        first = self.conv_first(functional.pixel_unshuffle(x, _FOLD))
        h = first + self.conv_body(self.body(first))
        for convolution in (self.conv_up1, self.conv_up2):
            h = functional.leaky_relu(convolution(resample(h, "up")), _SLOPE)
        out: Tensor = self.conv_last(functional.leaky_relu(self.conv_hr(h), _SLOPE))
        return out


class TimedRestorer(nn.Module):
    """RRDBNet on x_t, the degraded face and three channels that tell the time."""

    def __init__(self, config: RestorerConfig) -> None:
        super().__init__()
        self.sinusoids = Sinusoids(_TIME_CHANNELS)
        self.time_embed = nn.Sequential(nn.Linear(_TIME_CHANNELS, 3), nn.SiLU(), nn.Linear(3, 3))
        self.generator = RRDBNet(9, config.channels, config.growth, config.num_blocks)

    def forward(
        self,
        x_t: Float[Tensor, "B 3 H W"],
        degraded: Float[Tensor, "B 3 H W"],
        t: Int[Tensor, "B"],
    ) -> Float[Tensor, "B 3 H W"]:
        """Estimate the clean face.

        Args:
            x_t: Noisy face.
            degraded: In [-1, 1].
            t: Timesteps in [0, T - 1].

        Returns:
            In [-1, 1] or beyond.
        """
        e_t = self.time_embed(self.sinusoids(t))[:, :, None, None].expand_as(x_t)
        estimate: Tensor = self.generator(torch.cat([x_t, degraded, e_t], dim=1))
        return estimate


def _convolution(in_channels: int, out_channels: int) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 3, padding=1)
