"""The semantic encoder of DiffAE, which makes the style embedding z_s (IDFSR, Eq. 3)."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from idfsr.models.blocks import Attention, Blocks, GroupNorm, PlainResBlock
from idfsr.models.unet import BlockPlan, plan_descent


@dataclass(frozen=True, kw_only=True)
class EncoderConfig:
    """Fields as in `idfsr.config.model.ModelConfig`."""

    image_size: int
    model_channels: int
    channel_mult: tuple[int, ...]
    num_res_blocks: int
    attention_resolutions: tuple[int, ...]
    num_heads: int
    style_channels: int


class SemanticEncoder(nn.Module):
    """Half a U-Net of blocks with a single convolution, then the mean over the pixels."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self._num_heads = config.num_heads
        descent = plan_descent(
            config.image_size,
            config.model_channels,
            config.channel_mult,
            config.num_res_blocks,
            config.attention_resolutions,
        )
        first = nn.Conv2d(3, config.model_channels, 3, padding=1)
        self.input_blocks = nn.ModuleList([nn.Sequential(first)])
        for plan in descent:
            self.input_blocks.append(self._blocks(plan))
        lowest = descent[-1].out_channels
        self.middle_block = self._blocks(BlockPlan(lowest, lowest, "none", attention=True))
        self.middle_block.extend(self._blocks(BlockPlan(lowest, lowest, "none", attention=False)))
        self.out = nn.Sequential(
            GroupNorm(lowest),
            nn.SiLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(lowest, config.style_channels, 1),
            nn.Flatten(),
        )

    def _blocks(self, plan: BlockPlan) -> Blocks:
        blocks = Blocks([PlainResBlock(plan.in_channels, plan.out_channels, plan.direction)])
        if plan.attention:
            blocks.append(Attention(plan.out_channels, self._num_heads))
        return blocks

    def forward(self, image: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B Z"]:
        """Encode an image in [-1, 1]; z_s is not normalised."""
        first, *descent = self.input_blocks
        h: Tensor = first(image)
        for blocks in descent:
            h = blocks(h, None)
        z_s: Tensor = self.out(self.middle_block(h, None))
        return z_s
