"""CodeFormer (Zhou et al. 2022): a transformer guesses the codes of the sharp face.

The codes of the low-quality face are not the nearest ones of the codebook: nine layers of
self-attention over the whole grid predict them (section 3.2). The generator draws them, and takes
in as much of the low-quality features as the weight w says (section 3.3).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from idfsr.models.adain import match_statistics
from idfsr.models.blocks import to_tokens
from idfsr.models.vqgan import VQGAN_512, ResBlock, Vqgan, VqganConfig

SLOPE: Final = 0.2
"""Of the leaky ReLU between the convolutions of a fusion, below zero."""


@dataclass(frozen=True, kw_only=True)
class CodeFormerConfig:
    """Sizes of a CodeFormer."""

    vqgan: VqganConfig
    token_channels: int
    num_heads: int
    num_layers: int
    fused_resolutions: tuple[int, ...]
    """Sides at which the generator takes in features of the encoder."""


CODEFORMER_512 = CodeFormerConfig(
    vqgan=VQGAN_512,
    token_channels=512,
    num_heads=8,
    num_layers=9,
    fused_resolutions=(32, 64, 128, 256),
)
"""The published one."""


class TransformerLayer(nn.Module):
    """Self-attention and a perceptron, each after a normalisation."""

    def __init__(self, channels: int, num_heads: int) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(channels, num_heads, batch_first=True)
        self.linear1 = nn.Linear(channels, 2 * channels)
        self.linear2 = nn.Linear(2 * channels, channels)
        self.norm1, self.norm2 = nn.LayerNorm(channels), nn.LayerNorm(channels)

    def forward(
        self, tokens: Float[Tensor, "B N C"], places: Float[Tensor, "N C"]
    ) -> Float[Tensor, "B N C"]:
        """Attend and transform; places are added to queries and keys, not to values."""
        values = self.norm1(tokens)
        queries = values + places
        attended, _ = self.self_attn(queries, queries, values, need_weights=False)
        tokens = tokens + attended
        hidden = functional.gelu(self.linear1(self.norm2(tokens)))
        residual: Tensor = self.linear2(hidden)
        return tokens + residual


class FeatureFusion(nn.Module):
    """Controllable feature transformation: bends the generator's features to the encoder's.

    Zhou et al. (2022), section 3.3.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.encode_enc = ResBlock(2 * channels, channels)
        self.scale, self.shift = (
            nn.Sequential(
                nn.Conv2d(channels, channels, 3, padding=1),
                nn.LeakyReLU(SLOPE),
                nn.Conv2d(channels, channels, 3, padding=1),
            )
            for _ in range(2)
        )

    def forward(
        self, encoded: Float[Tensor, "B C H W"], drawn: Float[Tensor, "B C H W"], w: float
    ) -> Float[Tensor, "B C H W"]:
        """Add w times a scaled and shifted copy of what is drawn."""
        both = self.encode_enc(torch.cat([encoded, drawn], dim=1))
        residual: Tensor = drawn * self.scale(both) + self.shift(both)
        return drawn + w * residual


class CodeFormer(Vqgan):
    """The whole network."""

    def __init__(self, config: CodeFormerConfig) -> None:
        super().__init__(config.vqgan)
        self.config = config
        vqgan, channels = config.vqgan, config.token_channels
        self.position_emb = nn.Parameter(torch.zeros(vqgan.resolutions[-1] ** 2, channels))
        self.feat_emb = nn.Linear(vqgan.code_channels, channels)
        self.ft_layers = nn.ModuleList(
            TransformerLayer(channels, config.num_heads) for _ in range(config.num_layers)
        )
        self.idx_pred_layer = nn.Sequential(
            nn.LayerNorm(channels), nn.Linear(channels, vqgan.num_codes, bias=False)
        )
        widths = dict(zip(vqgan.resolutions, vqgan.channel_mult, strict=True))
        self.fuse_convs_dict = nn.ModuleDict(
            {
                str(side): FeatureFusion(widths[side] * vqgan.channels)
                for side in config.fused_resolutions
            }
        )

    def predict_codes(self, z: Float[Tensor, "B D h w"]) -> Float[Tensor, "B N K"]:
        """Return the logits of the K codes at each place of a grid, row by row."""
        tokens: Tensor = self.feat_emb(to_tokens(z))
        for layer in self.ft_layers:
            tokens = layer(tokens, self.position_emb)
        logits: Tensor = self.idx_pred_layer(tokens)
        return logits

    def fuse(
        self, features: Mapping[int, Tensor], side: int, drawn: Float[Tensor, "B C H W"], w: float
    ) -> Float[Tensor, "B C H W"]:
        """Take in features of the encoder where the generator does; see `Generator.forward`."""
        if w == 0 or side not in self.config.fused_resolutions:
            return drawn
        fused: Tensor = self.fuse_convs_dict[str(side)](features[side], drawn, w)
        return fused

    def forward(self, image: Float[Tensor, "B 3 H W"], w: float) -> Float[Tensor, "B 3 H W"]:
        """Restore faces.

        Args:
            image: Aligned faces of the network's size, in [-1, 1].
            w: In [0, 1]: 0 trusts the codes alone, 1 stays close to the image.

        Returns:
            Faces in about [-1, 1], not clamped.
        """
        z, features = self.encoder(image)
        codes = torch.unflatten(self.predict_codes(z).argmax(2), 1, z.shape[2:])

        restored: Tensor = self.generator(
            match_statistics(self.quantize(codes), z),
            lambda side, drawn: self.fuse(features, side, drawn, w),
        )
        return restored
