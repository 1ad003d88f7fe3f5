import json

import pytest
import torch

from idfsr.models.encoder import EncoderConfig, SemanticEncoder

from .golden_values import (
    GOLDEN,
    assert_golden,
    fill_by_name,
    golden_keys,
    shapes,
    uniform_image,
)

CHANNEL_MULT = {128: (1, 1, 2, 3, 4, 4), 256: (1, 1, 2, 2, 4, 4, 4)}


def make_diffae(image_size: int) -> SemanticEncoder:
    """Return the encoder of DiffAE's ffhq128_autoenc or ffhq256_autoenc."""
    return SemanticEncoder(
        EncoderConfig(
            image_size=image_size,
            model_channels=128,
            channel_mult=CHANNEL_MULT[image_size],
            num_res_blocks=2,
            attention_resolutions=(16,),
            num_heads=1,
            style_channels=512,
        )
    )


@pytest.mark.parametrize("image_size", [128, 256])
def test_names_and_shapes_are_those_of_diffae(image_size: int) -> None:
    with torch.device("meta"):
        network = make_diffae(image_size)
    keys = golden_keys(f"diffae_ffhq{image_size}_autoenc")
    assert shapes(network, "encoder.") == {
        name: shape for name, shape in keys.items() if name.startswith("encoder.")
    }


@pytest.mark.parametrize("image_size", [128, 256])
def test_output_is_that_of_diffae(image_size: int) -> None:
    network = make_diffae(image_size).eval()
    fill_by_name(network, "encoder.")
    golden = json.loads((GOLDEN / "diffae_models.json").read_text())
    with torch.no_grad():
        z_s = network(uniform_image(1))
    assert_golden(z_s, golden[f"diffae_ffhq{image_size}_autoenc"]["encoder"]["out"])
