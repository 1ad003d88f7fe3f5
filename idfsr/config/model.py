"""Settings of the denoising network."""

from typing import Annotated, Literal

from pydantic import Field

from idfsr.config.types import EachOnce, Width, section

Multiples = Annotated[tuple[Annotated[int, Field(ge=1, le=64)], ...], Field(min_length=1)]
"""Of `model_channels`, at each level of the network."""


@section
class ModelConfig:
    """The denoising U-Net of the DiffAE family with its style encoder."""

    image_size: Annotated[int, Field(ge=16, le=1024)] = 256
    """Nominal side in pixels: it places the attention."""
    model_channels: Width = 128
    channel_mult: Multiples = (1, 1, 2, 2, 4, 4)
    num_res_blocks: Annotated[int, Field(ge=1, le=16)] = 2
    attention_resolutions: Annotated[tuple[int, ...], EachOnce] = (16,)
    """Resolutions in pixels, not downsampling factors."""
    num_heads: Width = 1
    embed_channels: Width = 512
    """Width of the time embedding."""
    style_channels: Width = 512
    """Length of z_s."""
    encoder_channel_mult: Multiples = (1, 1, 2, 2, 4, 4, 4)
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    id_dim: Width = 512
    """Length of z_id: 512 of ArcFace, 128 of dlib's recogniser."""
    num_id_tokens: Width = 4
    """Tokens that z_id is projected to: attention over a single key would be constant. The paper
    does not say how z_id gets there; docs/decisions/0003."""
    num_id_heads: Width = 8
    prediction: Literal["epsilon", "v"] = "epsilon"
    """What the U-Net gives: the noise, as DiffAE's, or v (Salimans & Ho 2022, Appendix D)."""
