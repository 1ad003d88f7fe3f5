"""The unconditional face priors of DifFace, PGDiff and DR2 as members of the one U-Net."""

from typing import Final

from idfsr.models.unet import UNetConfig

IDDPM_FFHQ512: Final = UNetConfig(
    image_size=512,
    in_channels=3,
    out_channels=6,
    model_channels=32,
    channel_mult=(1, 2, 4, 8, 8, 16, 16),
    num_res_blocks=(1, 2, 2, 2, 2, 3, 4),
    attention_resolutions=(32, 16, 8),
    num_heads=0,
    head_channels=64,
    embed_channels=128,
    style_channels=0,
    dropout=0.0,
    num_id_heads=0,
    resample="convolution",
    min_group_size=1,
    nested_time_embed=False,
)
"""iddpm_ffhq512 of DifFace (Yue & Loy 2024), which PGDiff (Yang et al. 2023) takes too."""

ADM_FFHQ256: Final = UNetConfig(
    image_size=256,
    in_channels=3,
    out_channels=6,
    model_channels=128,
    channel_mult=(1, 1, 2, 2, 4, 4),
    num_res_blocks=1,
    attention_resolutions=(16,),
    num_heads=0,
    head_channels=64,
    embed_channels=512,
    style_channels=0,
    dropout=0.0,
    num_id_heads=0,
    nested_time_embed=False,
)
"""ffhq_10m of ILVR (Choi et al. 2021), ffhq_p2 of P2 (Choi et al. 2022) and DR2's own."""
