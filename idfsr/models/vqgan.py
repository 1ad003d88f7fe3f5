"""VQGAN (Esser et al. 2021) as CodeFormer has it: an image as a grid of entries of a codebook.

The keys of the state dict are those of the published files: `encoder.blocks.N`,
`quantize.embedding` and `generator.blocks.N`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from idfsr.models.blocks import attend, silu, to_image, to_tokens

NUM_GROUPS = 32
GROUP_NORM_EPS = 1e-6


@dataclass(frozen=True, kw_only=True)
class VqganConfig:
    """Sizes of a VQGAN."""

    image_size: int
    channels: int
    """At the size of the image; multiples of 32."""
    channel_mult: tuple[int, ...]
    """Factor of the channels at each level; each level has half the size of the one before."""
    num_res_blocks: int
    """Residual blocks at each level."""
    attention_resolutions: tuple[int, ...]
    """Sizes at which attention follows each residual block."""
    num_codes: int
    code_channels: int

    @property
    def resolutions(self) -> tuple[int, ...]:
        """Side of the features at each level."""
        return tuple(self.image_size >> level for level in range(len(self.channel_mult)))


VQGAN_512 = VqganConfig(
    image_size=512,
    channels=64,
    channel_mult=(1, 2, 2, 4, 4, 8),
    num_res_blocks=2,
    attention_resolutions=(16,),
    num_codes=1024,
    code_channels=256,
)
"""The published one."""


def group_norm(channels: int) -> nn.GroupNorm:
    """Build the normalisation of all these blocks."""
    return nn.GroupNorm(NUM_GROUPS, channels, eps=GROUP_NORM_EPS)


class ResBlock(nn.Module):
    """Two normalised convolutions and a skip path."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.norm1 = group_norm(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm2 = group_norm(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.conv_out: nn.Conv2d | None = None
        if in_channels != out_channels:
            self.conv_out = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B D H W"]:
        """Normalise and convolve twice, then add."""
        h: Tensor = self.conv1(silu(self.norm1(x)))
        h = self.conv2(silu(self.norm2(h)))
        skip: Tensor = x if self.conv_out is None else self.conv_out(x)
        return h + skip


class AttnBlock(nn.Module):
    """Self-attention of one head over the pixels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = group_norm(channels)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(channels, channels, 1) for _ in range(4))

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
        """Attend and add."""
        h = self.norm(x)
        queries, keys, values = (
            to_tokens(project(h)).unsqueeze(1) for project in (self.q, self.k, self.v)
        )
        attended: Tensor = self.proj_out(to_image(attend(queries, keys, values), x))
        return x + attended


class Downsample(nn.Module):
    """Halve the size with a convolution; its border is 0 on the right and below only."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C h w"]:
        """Pad and convolve."""
        halved: Tensor = self.conv(functional.pad(x, (0, 1, 0, 1)))
        return halved


class Upsample(nn.Module):
    """Repeat the pixels, then convolve."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Float[Tensor, "B C h w"]) -> Float[Tensor, "B C H W"]:
        """Double the size."""
        doubled: Tensor = self.conv(functional.interpolate(x, scale_factor=2, mode="nearest"))
        return doubled


def _middle(channels: int) -> list[nn.Module]:
    return [ResBlock(channels, channels), AttnBlock(channels), ResBlock(channels, channels)]


class Encoder(nn.Module):
    """From the image to the grid that is looked up in the codebook."""

    def __init__(self, config: VqganConfig) -> None:
        super().__init__()
        blocks: list[nn.Module] = [nn.Conv2d(3, config.channels, 3, padding=1)]
        self.level_ends: dict[int, int] = {}
        """Index of the last block of a level to the side of its features."""
        channels = config.channels
        for mult, resolution in zip(config.channel_mult, config.resolutions, strict=True):
            if resolution != config.image_size:
                blocks.append(Downsample(channels))
            for _ in range(config.num_res_blocks):
                blocks.append(ResBlock(channels, mult * config.channels))
                channels = mult * config.channels
                if resolution in config.attention_resolutions:
                    blocks.append(AttnBlock(channels))
            self.level_ends[len(blocks) - 1] = resolution
        blocks += _middle(channels)
        blocks += [group_norm(channels), nn.Conv2d(channels, config.code_channels, 3, padding=1)]
        self.blocks = nn.ModuleList(blocks)

    def forward(
        self, image: Float[Tensor, "B 3 H W"]
    ) -> tuple[Float[Tensor, "B D h w"], dict[int, Float[Tensor, "B _ _ _"]]]:
        """Return the grid, and the features at the end of each level by their nominal side."""
        x, features = image, {}
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in self.level_ends:
                features[self.level_ends[index]] = x
        return x, features


class Generator(nn.Module):
    """From the grid back to the image."""

    def __init__(self, config: VqganConfig) -> None:
        super().__init__()
        channels = config.channel_mult[-1] * config.channels
        blocks: list[nn.Module] = [nn.Conv2d(config.code_channels, channels, 3, padding=1)]
        blocks += _middle(channels)
        self.level_starts: dict[int, int] = {}
        """Index of the first residual block of a level to the side of its features."""
        for mult, resolution in zip(
            reversed(config.channel_mult), reversed(config.resolutions), strict=True
        ):
            self.level_starts[len(blocks)] = resolution
            for _ in range(config.num_res_blocks):
                blocks.append(ResBlock(channels, mult * config.channels))
                channels = mult * config.channels
                if resolution in config.attention_resolutions:
                    blocks.append(AttnBlock(channels))
            if resolution != config.image_size:
                blocks.append(Upsample(channels))
        blocks += [group_norm(channels), nn.Conv2d(channels, 3, 3, padding=1)]
        self.blocks = nn.ModuleList(blocks)

    def forward(
        self,
        z: Float[Tensor, "B D h w"],
        fuse: Callable[[int, Tensor], Tensor] = lambda _resolution, x: x,
    ) -> Float[Tensor, "B 3 H W"]:
        """Draw the image.

        Args:
            z: The grid.
            fuse: Called with the nominal side and the features after the first residual block of
                each level; what it returns takes their place.
        """
        x = z
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in self.level_starts:
                x = fuse(self.level_starts[index], x)
        return x


class Codebook(nn.Module):
    """The entries that a grid is made of."""

    def __init__(self, num_codes: int, channels: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(num_codes, channels)

    def nearest(self, z: Float[Tensor, "B D h w"]) -> Int[Tensor, "B h w"]:
        """Return the index of the entry nearest to each place of a grid."""
        nearest = torch.cdist(to_tokens(z), self.embedding.weight).argmin(2)
        return torch.unflatten(nearest, 1, z.shape[2:])

    def forward(self, codes: Int[Tensor, "B h w"]) -> Float[Tensor, "B D h w"]:
        """Look entries up."""
        return torch.permute(self.embedding(codes), (0, 3, 1, 2)).contiguous()


class Vqgan(nn.Module):
    """The whole network."""

    def __init__(self, config: VqganConfig) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        self.quantize = Codebook(config.num_codes, config.code_channels)
        self.generator = Generator(config)

    def redraw(self, image: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B 3 H W"]:
        """Draw the image again from the entries nearest to its grid, in [-1, 1]."""
        z, _ = self.encoder(image)
        redrawn: Tensor = self.generator(self.quantize(self.quantize.nearest(z)))
        return redrawn
