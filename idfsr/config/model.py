"""Settings of the denoising network."""

from typing import Annotated, Literal

from pydantic import Field

from idfsr.config.types import Count, section


@section
class ModelConfig:
    """The denoising U-Net of the DiffAE family with its style encoder."""

    image_size: Annotated[int, Field(ge=16)] = 256
    """Nominal side in pixels: it places the attention."""
    model_channels: Count = 128
    channel_mult: tuple[int, ...] = (1, 1, 2, 2, 4, 4)
    num_res_blocks: Count = 2
    attention_resolutions: tuple[int, ...] = (16,)
    """Resolutions in pixels, not downsampling factors."""
    num_heads: Count = 1
    embed_channels: Count = 512
    """Width of the time embedding."""
    style_channels: Count = 512
    """Length of z_s."""
    encoder_channel_mult: tuple[int, ...] = (1, 1, 2, 2, 4, 4, 4)
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    num_id_tokens: Count = 4
    """Tokens that z_id is projected to: attention over a single key would be constant. The paper
    does not say how z_id gets there; docs/decisions/0003."""
    num_id_heads: Count = 8
    prediction: Literal["epsilon", "v"] = "epsilon"
    """What the U-Net gives: the noise, as DiffAE's, or v (Salimans & Ho 2022, Appendix D)."""
