"""The denoising U-Net of the guided-diffusion family, in the form DiffAE gave it.

Dhariwal & Nichol (2021) with the conditioning of Preechakul et al. (2022). A plan says which block
stands where; the U-Net and the style encoder build their modules from it. The parameters of the
published 128 px and 256 px networks fit by name and shape.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from idfsr.errors import IdfsrError
from idfsr.models.blocks import (
    Attention,
    Blocks,
    Condition,
    GroupNorm,
    IdAttention,
    Resample,
    ResBlock,
    zeroed,
)


@dataclass(frozen=True, kw_only=True)
class UNetConfig:
    """A member of the family; fields as in `idfsr.config.ModelConfig`."""

    image_size: int
    """Nominal side in pixels: it places the attention, images of other sizes are taken too."""
    in_channels: int
    model_channels: int
    channel_mult: tuple[int, ...]
    num_res_blocks: int
    attention_resolutions: tuple[int, ...]
    num_heads: int
    embed_channels: int
    style_channels: int
    dropout: float
    num_id_heads: int
    """Heads of the attention to the ID tokens; 0 leaves it out."""


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
    num_res_blocks: int,
    attention_resolutions: Sequence[int],
) -> list[BlockPlan]:
    """List the blocks from the first convolution to the lowest resolution.

    Each level has its residual blocks, with attention where its resolution is listed, and, but for
    the last, a block that halves the size.
    """
    plan = []
    channels, resolution = model_channels, image_size
    for level, mult in enumerate(channel_mult):
        attention = resolution in attention_resolutions
        for _ in range(num_res_blocks):
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


class TimeEmbedding(nn.Module):
    """Sinusoids of the timestep and a perceptron of two layers."""

    frequencies: Tensor

    def __init__(self, model_channels: int, embed_channels: int) -> None:
        super().__init__()
        exponents = torch.arange(model_channels // 2) / (model_channels // 2)
        self.register_buffer(
            "frequencies", torch.exp(-math.log(10000) * exponents), persistent=False
        )
        self.time_embed = nn.Sequential(
            nn.Linear(model_channels, embed_channels),
            nn.SiLU(),
            nn.Linear(embed_channels, embed_channels),
        )

    def forward(self, t: Int[Tensor, "B"]) -> Float[Tensor, "B E"]:
        """Return e_t."""
        angles = t[:, None] * self.frequencies
        e_t: Tensor = self.time_embed(torch.cat([angles.cos(), angles.sin()], dim=1))
        return e_t


class UNet(nn.Module):
    """The denoiser: x_t, timestep, style and ID tokens in, noise out."""

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self._config = config
        width = config.model_channels
        descent = plan_descent(
            config.image_size,
            width,
            config.channel_mult,
            config.num_res_blocks,
            config.attention_resolutions,
        )
        self.time_embed = TimeEmbedding(width, config.embed_channels)
        first = nn.Conv2d(config.in_channels, width, 3, padding=1)
        self.input_blocks = nn.ModuleList([nn.Sequential(first)])
        for plan in descent:
            self.input_blocks.append(self._blocks(plan))
        lowest = descent[-1].out_channels
        self.middle_block = self._blocks(BlockPlan(lowest, lowest, "none", attention=True))
        self.middle_block.extend(self._blocks(BlockPlan(lowest, lowest, "none", attention=False)))
        self.output_blocks = self._ascent([width] + [plan.out_channels for plan in descent])
        self.out = nn.Sequential(
            GroupNorm(width), nn.SiLU(), zeroed(nn.Conv2d(width, 3, 3, padding=1))
        )

    def _blocks(self, plan: BlockPlan) -> Blocks:
        config = self._config
        res_block = ResBlock(
            plan.in_channels,
            plan.out_channels,
            plan.direction,
            config.embed_channels,
            config.style_channels,
            config.dropout,
        )
        blocks = Blocks([res_block])
        if plan.attention and config.num_id_heads:
            blocks.append(
                IdAttention(
                    plan.out_channels, config.num_heads, config.embed_channels, config.num_id_heads
                )
            )
        elif plan.attention:
            blocks.append(Attention(plan.out_channels, config.num_heads))
        return blocks

    def _ascent(self, skips: list[int]) -> nn.ModuleList:
        """Mirror the descent: each block takes one skip, the last of a level doubles the size."""
        config = self._config
        output_blocks = nn.ModuleList()
        channels = skips[-1]
        for level in reversed(range(len(config.channel_mult))):
            width = config.channel_mult[level] * config.model_channels
            attention = config.image_size >> level in config.attention_resolutions
            for index in range(config.num_res_blocks + 1):
                plan = BlockPlan(channels + skips.pop(), width, "none", attention)
                blocks = self._blocks(plan)
                if level and index == config.num_res_blocks:
                    blocks.extend(self._blocks(BlockPlan(width, width, "up", attention=False)))
                output_blocks.append(blocks)
                channels = width
        return output_blocks

    def forward(
        self,
        x: Float[Tensor, "B C H W"],
        t: Int[Tensor, "B"],
        z_s: Float[Tensor, "B Z"],
        id_tokens: Float[Tensor, "B K E"] | None = None,
    ) -> Float[Tensor, "B 3 H W"]:
        """Predict the noise.

        Args:
            x: The noisy image, and after it in the channels whatever else is concatenated.
            t: Timesteps in [0, T - 1].
            z_s: Style embedding, as the encoder gives it.
            id_tokens: Needed with `num_id_heads`.
        """
        condition = Condition(self.time_embed(t), z_s, id_tokens)
        first, *descent = self.input_blocks
        h: Tensor = first(x)
        skips = [h]
        for blocks in descent:
            h = blocks(h, condition)
            skips.append(h)
        h = self.middle_block(h, condition)
        for blocks in self.output_blocks:
            h = blocks(torch.cat([h, skips.pop()], dim=1), condition)
        eps: Tensor = self.out(h)
        return eps
