import pytest
import torch

from idfsr.models.sparnet import SPARNet, SPARNetConfig
from idfsr.models.spectral import fold_spectral_norm

from .golden_values import assert_golden, fill_by_name, golden, golden_keys, shapes, uniform_image

NAME = "dr2_sparnethd2d"
TINY = SPARNetConfig(widths=(6, 8, 10), num_blocks=1)


def test_names_and_shapes_are_the_published_ones() -> None:
    with torch.device("meta"):
        network = SPARNet(SPARNetConfig())
    assert shapes(network) == golden_keys(NAME)
    assert sum(parameter.numel() for parameter in network.parameters()) == 85_793_412


@pytest.mark.slow
def test_output_is_the_published_one() -> None:
    network = SPARNet(SPARNetConfig()).eval()
    fill_by_name(network)
    with torch.no_grad():
        found = network(uniform_image(0, 128))
    assert_golden(found, golden("dr2_models")[NAME]["out"])


def test_folded_network_gives_the_same() -> None:
    network = SPARNet(TINY).eval()
    fill_by_name(network)
    image = uniform_image(0, 32)
    with torch.no_grad():
        expected = network(image)
        fold_spectral_norm(network)
        found = network(image)
    assert not any(name.endswith("_orig") for name in network.state_dict())
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)
