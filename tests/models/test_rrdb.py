import torch

from idfsr.models.rrdb import RestorerConfig, TimedRestorer

from .golden_values import assert_golden, fill_by_name, golden, golden_keys, shapes, uniform_image

NAME = "pgdiff_restorer_rrdb"


def test_names_and_shapes_are_the_published_ones() -> None:
    with torch.device("meta"):
        network = TimedRestorer(RestorerConfig())
    assert shapes(network) == golden_keys(NAME)
    assert sum(parameter.numel() for parameter in network.parameters()) == 16_779_518


def test_output_is_the_published_one() -> None:
    network = TimedRestorer(RestorerConfig()).eval()
    fill_by_name(network)
    with torch.no_grad():
        found = network(uniform_image(0), uniform_image(1), torch.tensor([437]))
    assert_golden(found, golden("pgdiff_models")[NAME]["out"])


def test_small_member_sees_everything() -> None:
    network = TimedRestorer(RestorerConfig(channels=8, growth=4, num_blocks=1)).eval()
    fill_by_name(network)
    inputs = (torch.rand(2, 3, 8, 16), torch.rand(2, 3, 8, 16), torch.tensor([3, 900]))
    with torch.no_grad():
        found = network(*inputs)
        assert found.shape == (2, 3, 8, 16)
        for index, value in enumerate(inputs):
            changed = [*inputs]
            changed[index] = value + 1
            assert not torch.equal(network(*changed), found)
