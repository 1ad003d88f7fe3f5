"""A small network for the 68 landmarks of an aligned face, sharp or not.

It stands in for FAN (Bulat & Tzimiropoulos 2017), whose weights cannot be shipped. A hourglass of
residual blocks gives a map for each landmark; its place is the mean under the map's softmax (Sun et
al. 2018, Eq. 3), which lies between pixels and can be trained on places directly.
"""

from dataclasses import dataclass
from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from idfsr.constants import NUM_LANDMARKS_68

MAP_STRIDE: Final = 4
"""Pixels of the image for one of the maps."""


@dataclass(frozen=True, kw_only=True)
class Landmarks68Config:
    """A member of the family."""

    image_size: int = 64
    """Side in pixels of the faces it looks at."""
    widths: tuple[int, int, int, int] = (16, 40, 64, 64)
    """Channels at a half, a quarter, an eighth and a sixteenth of the size."""


def _convolve(in_channels: int, out_channels: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _convolve(channels, channels),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
        return functional.relu(x + self.body(x))


class Landmarks68Net(nn.Module):
    """The whole network."""

    def __init__(self, config: Landmarks68Config) -> None:
        super().__init__()
        self.image_size = config.image_size
        half, quarter, eighth, sixteenth = config.widths
        self.quarter = nn.Sequential(
            _convolve(3, half, 2), _convolve(half, quarter, 2), _Residual(quarter)
        )
        self.eighth = nn.Sequential(_convolve(quarter, eighth, 2), _Residual(eighth))
        self.sixteenth = nn.Sequential(
            _convolve(eighth, sixteenth, 2), _Residual(sixteenth), _Residual(sixteenth)
        )
        self.to_eighth, self.to_quarter = (
            nn.Conv2d(sixteenth, eighth, 1),
            nn.Conv2d(eighth, quarter, 1),
        )
        self.at_eighth, self.at_quarter = _Residual(eighth), _Residual(quarter)
        self.maps = nn.Conv2d(quarter, NUM_LANDMARKS_68, 1)
        self.to(memory_format=torch.channels_last)  # faster on a CPU

    def forward(self, images: Float[Tensor, "B 3 S S"]) -> Float[Tensor, "B 68 2"]:
        """Find the landmarks of faces in [-1, 1].

        Returns:
            (x, y) as shares of the side.
        """
        quarter = self.quarter(images)
        eighth = self.eighth(quarter)
        x = functional.interpolate(self.to_eighth(self.sixteenth(eighth)), scale_factor=2)
        x = functional.interpolate(self.to_quarter(self.at_eighth(eighth + x)), scale_factor=2)
        maps = self.maps(self.at_quarter(quarter + x)).float()
        weights = maps.flatten(2).softmax(dim=2).reshape(maps.shape)
        side = maps.shape[-1]
        places = (torch.arange(side, device=maps.device) + 0.5) / side
        return torch.stack([weights.sum(dim=2) @ places, weights.sum(dim=3) @ places], dim=-1)
