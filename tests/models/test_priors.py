import pytest
import torch

from idfsr.models.priors import ADM_FFHQ256, IDDPM_FFHQ512
from idfsr.models.unet import UNet, UNetConfig

from .golden_values import assert_golden, fill_by_name, golden, golden_keys, shapes, uniform_image


@pytest.mark.parametrize(
    ("name", "config", "num_parameters"),
    [
        ("difface_iddpm_ffhq512_unet", IDDPM_FFHQ512, 159_788_454),
        ("dr2_unet_ffhq256", ADM_FFHQ256, 93_563_910),
    ],
)
def test_names_and_shapes_are_the_published_ones(
    name: str, config: UNetConfig, num_parameters: int
) -> None:
    with torch.device("meta"):
        network = UNet(config)
    assert shapes(network) == golden_keys(name)
    assert sum(parameter.numel() for parameter in network.parameters()) == num_parameters


@pytest.mark.parametrize(
    ("file", "name", "config"),
    [
        pytest.param(
            "difface", "difface_iddpm_ffhq512_unet", IDDPM_FFHQ512, marks=pytest.mark.slow
        ),
        ("dr2", "dr2_unet_ffhq256", ADM_FFHQ256),
    ],
)
def test_outputs_are_the_published_ones(file: str, name: str, config: UNetConfig) -> None:
    network = UNet(config).eval()
    fill_by_name(network)
    with torch.no_grad():
        found = network(uniform_image(0), torch.tensor([437]))
    assert_golden(found, golden(f"{file}_models")[name]["out"])
