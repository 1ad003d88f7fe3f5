import pytest
import torch

from idfsr.models.swinir import (
    DERIVED,
    SwinIR,
    SwinIRConfig,
    from_windows,
    relative_position_index,
    shift_mask,
    to_windows,
)

from .golden_values import assert_golden, fill_by_name, golden, golden_keys, shapes, uniform_image

NAME = "difface_swinir_restoration512"


def test_names_and_shapes_are_the_published_ones() -> None:
    with torch.device("meta"):
        network = SwinIR(SwinIRConfig())
    keys = golden_keys(NAME)
    derived = [name for name in keys if name.endswith(DERIVED)]
    assert len(derived) == 24 + 48
    assert shapes(network) == {name: keys[name] for name in keys if name not in derived}
    assert sum(parameter.numel() for parameter in network.parameters()) == 15_792_587


def test_output_is_the_published_one() -> None:
    network = SwinIR(SwinIRConfig()).eval()
    fill_by_name(network)
    with torch.no_grad():
        found = network((uniform_image(0, 128) + 1) / 2)
    assert_golden(found, golden("difface_models")[NAME]["out"])


def test_convention_relative_positions_by_hand() -> None:
    """2 x 2 pixels: from the last (1, 1) to the first (0, 0) is (1, 1), row (1 + 1) 3 + 1 + 1."""
    index = relative_position_index(2)
    assert index[3, 0] == 8
    assert index[0, 3] == 0
    assert index[1, 2] == (0 - 1 + 1) * 3 + 1 - 0 + 1
    assert index.diagonal().tolist() == [4, 4, 4, 4]


def test_windows_there_and_back() -> None:
    x = torch.arange(2 * 4 * 6 * 3.0).view(2, 4, 6, 3)
    windows = to_windows(x, 2)
    assert windows.shape == (2, 6, 4, 3)
    assert torch.equal(windows[1, 1], x[1, :2, 2:4].reshape(4, 3))
    assert torch.equal(from_windows(windows, x, 2), x)


def test_shifted_windows_keep_opposite_edges_apart() -> None:
    mask = shift_mask(4, 4, 2)
    assert mask.shape == (4, 4, 4)
    assert not mask[0].any()
    # the last column of a window at the right edge came from the left edge
    assert mask[1].tolist() == [[0, -100, 0, -100], [-100, 0, -100, 0]] * 2
    assert (mask[3] == -100 * (1 - torch.eye(4))).all()


def test_images_of_a_batch_do_not_touch() -> None:
    network = SwinIR(SwinIRConfig(channels=12, num_groups=1, blocks_per_group=2)).eval()
    fill_by_name(network)
    images = torch.rand(2, 3, 64, 128)
    with torch.no_grad():
        both, alone = network(images), network(images[1:])
    torch.testing.assert_close(both[1:], alone, rtol=0, atol=1e-5)


@pytest.mark.parametrize("num_doublings", [0, 1])
def test_small_members_keep_the_size(num_doublings: int) -> None:
    config = SwinIRConfig(
        channels=12, num_groups=1, blocks_per_group=2, num_doublings=num_doublings
    )
    assert SwinIR(config)(torch.rand(1, 3, 32, 16)).shape == (1, 3, 32, 16)
