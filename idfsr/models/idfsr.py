"""The network of IDFSR: DiffAE with the masked LR image beside x_t and attention to the identity.

IDFSR, Eq. 1 and Fig. 2. Its parameters have the names of a DiffAE checkpoint; what DiffAE lacks is
called `id_...`.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from idfsr.config.model import ModelConfig
from idfsr.models.encoder import EncoderConfig, SemanticEncoder
from idfsr.models.unet import UNet, UNetConfig


def unet_config(config: ModelConfig) -> UNetConfig:
    """Return the settings of the U-Net in a run's model."""
    return UNetConfig(
        image_size=config.image_size,
        in_channels=6,
        model_channels=config.model_channels,
        channel_mult=config.channel_mult,
        num_res_blocks=config.num_res_blocks,
        attention_resolutions=config.attention_resolutions,
        num_heads=config.num_heads,
        embed_channels=config.embed_channels,
        style_channels=config.style_channels,
        dropout=config.dropout,
        num_id_heads=config.num_id_heads,
    )


def encoder_config(config: ModelConfig) -> EncoderConfig:
    """Return the settings of the style encoder in a run's model."""
    return EncoderConfig(
        image_size=config.image_size,
        model_channels=config.model_channels,
        channel_mult=config.encoder_channel_mult,
        num_res_blocks=config.num_res_blocks,
        attention_resolutions=config.attention_resolutions,
        num_heads=config.num_heads,
        style_channels=config.style_channels,
    )


class IdProjector(nn.Module):
    """Turns z_id into a few tokens, for attention over a single key would be constant.

    A linear layer and a layer normalisation, as in IP-Adapter (Ye et al. 2023). The paper does not
    say; docs/decisions/0003. The embedding is taken as it comes: ArcFace's has unit norm, a fitted
    one may have any.
    """

    def __init__(self, id_dim: int, num_tokens: int, token_channels: int) -> None:
        super().__init__()
        self.proj = nn.Linear(id_dim, num_tokens * token_channels)
        self.norm = nn.LayerNorm(token_channels)
        self.num_tokens = num_tokens

    def forward(self, z_id: Float[Tensor, "B D"]) -> Float[Tensor, "B K E"]:
        """Return the tokens."""
        tokens: Tensor = self.norm(self.proj(z_id).unflatten(1, (self.num_tokens, -1)))
        return tokens


class IDFSR(UNet):
    """The denoiser with its style encoder.

    At first it gives what DiffAE gives, with its weights loaded (`idfsr.models.pretrained`): the
    channels of the masked LR image and the ID attention start at 0.

    Attributes:
        id_encoder: Name of the recogniser whose z_id it was trained on; empty where it is not
            known, as in files from before it was stored.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(unet_config(config))
        self.config = config
        self.id_encoder = ""
        self.encoder = SemanticEncoder(encoder_config(config))
        self.id_projector = IdProjector(config.id_dim, config.num_id_tokens, config.embed_channels)
        # a fifth faster on a CPU, where it also spares the attention a copy
        self.to(memory_format=torch.channels_last)

    def encode_style(self, warped_ref: Float[Tensor, "B 3 S S"]) -> Float[Tensor, "B Z"]:
        """Return z_s of a warped reference in [-1, 1] (IDFSR, Eq. 3)."""
        z_s: Tensor = self.encoder(warped_ref)
        return z_s

    # the keys of DiffAE want a U-Net by inheritance; nobody takes an IDFSR for a plain U-Net
    def forward(  # type: ignore[override]
        self,
        x_t: Float[Tensor, "B 3 S S"],
        t: Int[Tensor, "B"],
        masked_lr: Float[Tensor, "B 3 S S"],
        z_s: Float[Tensor, "B Z"],
        z_id: Float[Tensor, "B D"],
    ) -> Float[Tensor, "B 3 S S"]:
        """Predict the noise in x_t (IDFSR, Eq. 1), or v (`ModelConfig.prediction`).

        Args:
            x_t: Noisy image.
            t: Timesteps in [0, T - 1].
            masked_lr: Upsampled LR image in [-1, 1], its face replaced by 0.
            z_s: See `encode_style`.
            z_id: ID embedding, of unit norm if ArcFace's.
        """
        id_tokens = self.id_projector(z_id)
        return super().forward(torch.cat([x_t, masked_lr], dim=1), t, z_s, id_tokens)
