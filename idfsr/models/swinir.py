"""SwinIR (Liang et al. 2021) as DifFace restores with it: a 512 px face worked on at 64 x 64.

The pixels of a window attend to one another, and every second window is shifted by half its side.
Parameters have the names of the published file. What else stands there, the masks and indices of
the attention (`DERIVED`), is made here and not read.
"""

from dataclasses import dataclass
from typing import Final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from idfsr.models.blocks import resample

RGB_MEAN: Final = (0.4488, 0.4371, 0.4040)
"""Subtracted from images in [0, 1] and added again (DIV2K's mean)."""

DERIVED: Final = ("attn_mask", "relative_position_index")
"""Last parts of the names in a published file that are no parameters."""

_HEAD_CHANNELS: Final = 64
"""Of the convolutions that enlarge."""


@dataclass(frozen=True, kw_only=True)
class SwinIRConfig:
    """A member of the family."""

    channels: int = 180
    num_groups: int = 8
    blocks_per_group: int = 6
    num_heads: int = 6
    window_size: int = 8
    mlp_ratio: int = 2
    num_doublings: int = 3
    """The image is folded by so many powers of two, and unfolded by as many enlargements."""


def relative_position_index(window_size: int) -> Int[Tensor, "N N"]:
    """Return for each pair of pixels of a window the row of the table of biases (Liu et al. 2021).

    Convention: pixels row by row; a pair's row is (dy + w - 1) (2 w - 1) + (dx + w - 1).
    """
    places = torch.arange(window_size)
    y, x = (grid.flatten() for grid in torch.meshgrid(places, places, indexing="ij"))
    dy, dx = (axis[:, None] - axis[None, :] + window_size - 1 for axis in (y, x))
    return dy * (2 * window_size - 1) + dx


def to_windows(x: Float[Tensor, "B H W C"], size: int) -> Float[Tensor, "B M N C"]:
    """Cut images into windows, row by row, and each into its pixels."""
    batch, height, width, channels = x.shape
    tiles = x.view(batch, height // size, size, width // size, size, channels).transpose(2, 3)
    return tiles.reshape(batch, -1, size * size, channels)


def from_windows(
    windows: Float[Tensor, "B M N C"], like: Float[Tensor, "B H W C"], size: int
) -> Float[Tensor, "B H W C"]:
    """Put windows together again."""
    batch, height, width, channels = like.shape
    tiles = windows.view(batch, height // size, width // size, size, size, channels)
    return tiles.transpose(2, 3).reshape(like.shape)


def shift_mask(height: int, width: int, size: int) -> Float[Tensor, "M N N"]:
    """Return what keeps pixels apart that a shift of half a window brought into one window.

    Liu et al. (2021), section 3.2: -100 between pixels of different parts of the image, 0 else.
    """

    def part(length: int) -> Int[Tensor, "L"]:
        places = torch.arange(length)
        return (places >= length - size).int() + (places >= length - size // 2).int()

    parts = 3 * part(height)[:, None] + part(width)[None, :]
    pixels = to_windows(parts[None, :, :, None].float(), size)[0, :, :, 0]
    return (pixels[:, :, None] != pixels[:, None, :]).float() * -100


class WindowAttention(nn.Module):
    """Self-attention within windows, with a bias for each pair of places and head."""

    relative_position_index: Tensor

    def __init__(self, channels: int, num_heads: int, window_size: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.relative_position_bias_table = nn.Parameter(
            torch.zeros((2 * window_size - 1) ** 2, num_heads)
        )
        index = relative_position_index(window_size)
        self.register_buffer("relative_position_index", index, persistent=False)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)

    def forward(
        self, windows: Float[Tensor, "B M N C"], mask: Float[Tensor, "M N N"] | None
    ) -> Float[Tensor, "B M N C"]:
        """Attend."""
        bias = self.relative_position_bias_table[self.relative_position_index].permute(2, 0, 1)[
            None
        ]
        if mask is not None:
            bias = (bias + mask[:, None]).repeat(len(windows), 1, 1, 1)
        # all windows of all images as one batch: PyTorch's fast kernels want four dimensions
        qkv = self.qkv(windows.flatten(0, 1)).unflatten(2, (3, self.num_heads, -1))
        queries, keys, values = qkv.permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=bias)
        projected: Tensor = self.proj(attended.transpose(1, 2).flatten(2))
        return projected.reshape(windows.shape)


class Mlp(nn.Module):
    """A perceptron of two layers for each pixel."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, hidden)
        self.fc2 = nn.Linear(hidden, channels)

    def forward(self, x: Float[Tensor, "*B C"]) -> Float[Tensor, "*B C"]:
        """Run both layers."""
        out: Tensor = self.fc2(functional.gelu(self.fc1(x)))
        return out


class SwinBlock(nn.Module):
    """Attention within windows and a perceptron, each added to what it gets (Liu et al. 2021)."""

    def __init__(self, config: SwinIRConfig, *, shifted: bool) -> None:
        super().__init__()
        self.window_size = config.window_size
        self.shift = config.window_size // 2 if shifted else 0
        self.norm1 = nn.LayerNorm(config.channels)
        self.attn = WindowAttention(config.channels, config.num_heads, config.window_size)
        self.norm2 = nn.LayerNorm(config.channels)
        self.mlp = Mlp(config.channels, config.mlp_ratio * config.channels)

    def forward(
        self, x: Float[Tensor, "B H W C"], mask: Float[Tensor, "M N N"]
    ) -> Float[Tensor, "B H W C"]:
        """Attend and think, on pixels with channels last.

        Args:
            x: The pixels.
            mask: For shifted windows; see `shift_mask`.
        """
        moved = self.norm1(x).roll((-self.shift, -self.shift), dims=(1, 2))
        windows = to_windows(moved, self.window_size)
        attended = self.attn(windows, mask if self.shift else None)
        back = from_windows(attended, x, self.window_size)
        x = x + back.roll((self.shift, self.shift), dims=(1, 2))
        thought: Tensor = self.mlp(self.norm2(x))
        return x + thought


class ResidualGroup(nn.Module):
    """Blocks whose windows are shifted by turns."""

    def __init__(self, config: SwinIRConfig) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            SwinBlock(config, shifted=index % 2 == 1) for index in range(config.blocks_per_group)
        )


class SwinGroup(nn.Module):
    """A residual group and a convolution, added to what they get."""

    def __init__(self, config: SwinIRConfig) -> None:
        super().__init__()
        self.residual_group = ResidualGroup(config)
        self.conv = nn.Conv2d(config.channels, config.channels, 3, padding=1)

    def forward(
        self, x: Float[Tensor, "B H W C"], mask: Float[Tensor, "M N N"]
    ) -> Float[Tensor, "B H W C"]:
        """Run blocks and convolution."""
        h = x
        for block in self.residual_group.blocks:
            h = block(h, mask)
        convolved: Tensor = self.conv(h.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return x + convolved


class PatchEmbed(nn.Module):
    """The normalisation before the first group."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)


class SwinIR(nn.Module):
    """The network: a degraded face in, an estimate of the clean one out, of the same size."""

    mean: Tensor

    def __init__(self, config: SwinIRConfig) -> None:
        super().__init__()
        self.config = config
        width, fold = config.channels, 2**config.num_doublings
        self.register_buffer("mean", torch.tensor(RGB_MEAN)[:, None, None], persistent=False)
        self.conv_first = nn.Sequential(
            nn.PixelUnshuffle(fold), nn.Conv2d(3 * fold**2, width, 3, padding=1)
        )
        self.patch_embed = PatchEmbed(width)
        self.layers = nn.ModuleList(SwinGroup(config) for _ in range(config.num_groups))
        self.norm = nn.LayerNorm(width)
        self.conv_after_body = nn.Conv2d(width, width, 3, padding=1)
        self.conv_before_upsample = nn.Sequential(
            nn.Conv2d(width, _HEAD_CHANNELS, 3, padding=1), nn.LeakyReLU(0.01)
        )
        for level in range(1, config.num_doublings + 1):
            self.add_module(f"conv_up{level}", _head_convolution(_HEAD_CHANNELS))
        self.conv_hr = _head_convolution(_HEAD_CHANNELS)
        self.conv_last = _head_convolution(3)

    def forward(self, image: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 3 H W"]:
        """Estimate the clean image.

        Args:
            image: In [0, 1]; its sides are multiples of window size times fold.

        Returns:
            In [0, 1] or a little beyond.
        """
        first = self.conv_first(image - self.mean)
        height, width = first.shape[2:]
        mask = shift_mask(height, width, self.config.window_size).to(first.device)
        x = self.patch_embed.norm(first.permute(0, 2, 3, 1))
        for layer in self.layers:
            x = layer(x, mask)
        body = self.conv_after_body(self.norm(x).permute(0, 3, 1, 2)) + first
        h = self.conv_before_upsample(body)
        for level in range(1, self.config.num_doublings + 1):
            enlarge = self.get_submodule(f"conv_up{level}")
            h = functional.leaky_relu(enlarge(resample(h, "up")), 0.2)
        clean: Tensor = self.conv_last(functional.leaky_relu(self.conv_hr(h), 0.2))
        return clean + self.mean


def _head_convolution(out_channels: int) -> nn.Conv2d:
    return nn.Conv2d(_HEAD_CHANNELS, out_channels, 3, padding=1)
