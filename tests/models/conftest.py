import pytest
import torch

from idfsr.config.model import ModelConfig


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.fixture
def tiny_config() -> ModelConfig:
    """Two levels of 16 channels; attention at 8 px, in the lower one."""
    return ModelConfig(
        image_size=16,
        model_channels=16,
        channel_mult=(1, 2),
        num_res_blocks=1,
        attention_resolutions=(8,),
        num_heads=2,
        embed_channels=24,
        style_channels=20,
        encoder_channel_mult=(1, 2),
        dropout=0.0,
        num_id_tokens=3,
        num_id_heads=4,
    )
