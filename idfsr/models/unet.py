"""The denoising U-Net of the guided-diffusion family, in the form DiffAE gave it.

Dhariwal & Nichol (2021) with the conditioning of Preechakul et al. (2022). A plan says which block
stands where; the U-Net and the style encoder build their modules from it. The parameters of the
published networks of DiffAE, DifFace, PGDiff, DR2 and guided-diffusion fit by name and shape.
"""

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from idfsr.errors import IdfsrError
from idfsr.models.blocks import (
    MIN_GROUP_SIZE,
    Attention,
    Blocks,
    Condition,
    Downsample,
    GroupNorm,
    IdAttention,
    Resample,
    ResBlock,
    SiLU,
    Upsample,
    zeroed,
)


@dataclass(frozen=True, kw_only=True)
class UNetConfig:
    """A member of the family; fields as in `idfsr.config.model.ModelConfig`."""

    image_size: int
    """Nominal side in pixels: it places the attention, images of other sizes are taken too."""
    in_channels: int
    out_channels: int = 3
    """6 where the network gives, after the noise, what the variance is made of."""
    model_channels: int
    channel_mult: tuple[int, ...]
    num_res_blocks: int | tuple[int, ...]
    """In each level; or a number for each."""
    attention_resolutions: tuple[int, ...]
    """Sides in pixels of the nominal image; guided-diffusion writes down factors of it instead."""
    num_heads: int
    """0 makes heads of `head_channels`."""
    head_channels: int = 0
    embed_channels: int
    style_channels: int
    """0 leaves the style out."""
    dropout: float
    num_id_heads: int
    """Heads of the attention to the ID tokens; 0 leaves it out."""
    resample: Literal["block", "convolution"] = "block"
    """What changes the size: a residual block, or a convolution."""
    min_group_size: int = MIN_GROUP_SIZE
    nested_time_embed: bool = True
    """DiffAE's names of the time embedding's parameters; guided-diffusion's are not nested."""

    def heads(self, channels: int) -> int:
        """Return the number of heads of an attention."""
        return self.num_heads or channels // self.head_channels


def blocks_per_level(num_res_blocks: int | Sequence[int], num_levels: int) -> tuple[int, ...]:
    """Return a number for each level, given one for all or the numbers themselves."""
    if isinstance(num_res_blocks, int):
        return (num_res_blocks,) * num_levels
    return tuple(num_res_blocks)


@dataclass(frozen=True)
class BlockPlan:
    """A residual block and whether attention follows it."""

    in_channels: int
    out_channels: int
    direction: Resample
    attention: bool


def plan_descent(
    image_size: int,
    model_channels: int,
    channel_mult: Sequence[int],
    num_res_blocks: int | Sequence[int],
    attention_resolutions: Sequence[int],
) -> list[BlockPlan]:
    """List the blocks from the first convolution to the lowest resolution.

    Each level has its residual blocks, with attention where its resolution is listed, and, but for
    the last, a block that halves the size.
    """
    plan = []
    channels, resolution = model_channels, image_size
    num_blocks = blocks_per_level(num_res_blocks, len(channel_mult))
    for level, mult in enumerate(channel_mult):
        attention = resolution in attention_resolutions
        for _ in range(num_blocks[level]):
            plan.append(BlockPlan(channels, mult * model_channels, "none", attention))
            channels = mult * model_channels
        if level < len(channel_mult) - 1:
            plan.append(BlockPlan(channels, channels, "down", attention=False))
            if resolution % 2:
                message = (
                    f"model.image_size: found {image_size}, "
                    f"wanted a multiple of {2 ** (len(channel_mult) - 1)}"
                )
                raise IdfsrError(message)
            resolution //= 2
    return plan


class Sinusoids(nn.Module):
    """Cosines and sines of the timestep (Vaswani et al. 2017, section 3.5)."""

    frequencies: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        exponents = torch.arange(channels // 2) / (channels // 2)
        self.register_buffer(
            "frequencies", torch.exp(-math.log(10000) * exponents), persistent=False
        )

    def forward(self, t: Int[Tensor, "B"]) -> Float[Tensor, "B C"]:
        """Return the cosines, then the sines."""
        angles = t[:, None] * self.frequencies
        return torch.cat([angles.cos(), angles.sin()], dim=1)


class UNet(nn.Module):
    """The denoiser: x_t, timestep, style and ID tokens in, noise out."""

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self._config = config
        self.image_size = config.image_size
        width = config.model_channels
        descent = plan_descent(
            config.image_size,
            width,
            config.channel_mult,
            config.num_res_blocks,
            config.attention_resolutions,
        )
        self.sinusoids = Sinusoids(width)
        perceptron = nn.Sequential(
            nn.Linear(width, config.embed_channels),
            nn.SiLU(),
            nn.Linear(config.embed_channels, config.embed_channels),
        )
        nested = nn.Sequential(OrderedDict(time_embed=perceptron))
        self.time_embed = nested if config.nested_time_embed else perceptron
        first = nn.Conv2d(config.in_channels, width, 3, padding=1)
        self.input_blocks = nn.ModuleList([nn.Sequential(first)])
        for plan in descent:
            self.input_blocks.append(self._blocks(plan))
        lowest = descent[-1].out_channels
        self.middle_block = self._blocks(BlockPlan(lowest, lowest, "none", attention=True))
        self.middle_block.extend(self._blocks(BlockPlan(lowest, lowest, "none", attention=False)))
        self.output_blocks = self._ascent([width] + [plan.out_channels for plan in descent])
        self.out = nn.Sequential(
            GroupNorm(width, config.min_group_size),
            SiLU(),
            zeroed(nn.Conv2d(width, config.out_channels, 3, padding=1)),
        )

    def _blocks(self, plan: BlockPlan) -> Blocks:
        config = self._config
        if plan.direction != "none" and config.resample == "convolution":
            make = Downsample if plan.direction == "down" else Upsample
            return Blocks([make(plan.out_channels)])
        res_block = ResBlock(
            plan.in_channels,
            plan.out_channels,
            plan.direction,
            config.embed_channels,
            config.style_channels,
            config.dropout,
            config.min_group_size,
        )
        blocks = Blocks([res_block])
        num_heads = config.heads(plan.out_channels)
        if plan.attention and config.num_id_heads:
            blocks.append(
                IdAttention(
                    plan.out_channels, num_heads, config.embed_channels, config.num_id_heads
                )
            )
        elif plan.attention:
            blocks.append(Attention(plan.out_channels, num_heads, config.min_group_size))
        return blocks

    def _ascent(self, skips: list[int]) -> nn.ModuleList:
        """Mirror the descent: each block takes one skip, the last of a level doubles the size."""
        config = self._config
        output_blocks = nn.ModuleList()
        channels = skips[-1]
        num_blocks = blocks_per_level(config.num_res_blocks, len(config.channel_mult))
        for level in reversed(range(len(config.channel_mult))):
            width = config.channel_mult[level] * config.model_channels
            attention = config.image_size >> level in config.attention_resolutions
            for index in range(num_blocks[level] + 1):
                plan = BlockPlan(channels + skips.pop(), width, "none", attention)
                blocks = self._blocks(plan)
                if level and index == num_blocks[level]:
                    blocks.extend(self._blocks(BlockPlan(width, width, "up", attention=False)))
                output_blocks.append(blocks)
                channels = width
        return output_blocks

    def forward(
        self,
        x: Float[Tensor, "B C H W"],
        t: Int[Tensor, "B"],
        z_s: Float[Tensor, "B Z"] | None = None,
        id_tokens: Float[Tensor, "B K E"] | None = None,
    ) -> Float[Tensor, "B D H W"]:
        """Predict the noise, and after it in the channels whatever else there is to predict.

        Args:
            x: The noisy image, and after it in the channels whatever else is concatenated.
            t: Timesteps in [0, T - 1].
            z_s: Style embedding, as the encoder gives it; needed with `style_channels`.
            id_tokens: Needed with `num_id_heads`.
        """
        condition = Condition(self.time_embed(self.sinusoids(t)), z_s, id_tokens)
        first, *descent = self.input_blocks
        h: Tensor = first(x)
        skips = [h]
        for blocks in descent:
            h = blocks(h, condition)
            skips.append(h)
        h = self.middle_block(h, condition)
        for blocks in self.output_blocks:
            h = blocks(torch.cat([h, skips.pop()], dim=1), condition)
        prediction: Tensor = self.out(h)
        return prediction
