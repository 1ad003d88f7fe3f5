import numpy as np
import pytest
import torch
from torch.nn import functional

from idfsr.methods.dr2.low_pass import cubic, low_pass, resampling_matrix
from tests.methods.stub import assert_golden, golden, uniform_image


@pytest.mark.parametrize("factor", [4, 8, 16])
def test_resizer_is_the_published_one(factor: int) -> None:
    image = uniform_image(9, 32)
    matrix = torch.from_numpy(resampling_matrix(32, 32 // factor)).float()
    assert_golden(matrix @ image @ matrix.T, golden("dr2")[f"resizer_down{factor}"])
    assert_golden(low_pass(image, factor), golden("dr2")[f"resizer_updown{factor}"])


def test_inside_the_image_it_is_that_of_torch() -> None:
    image = uniform_image(9, 64)
    small = functional.interpolate(image, size=(16, 16), mode="bicubic", antialias=True)
    large = functional.interpolate(small, size=(64, 64), mode="bicubic", antialias=True)
    found = low_pass(image, 4)
    torch.testing.assert_close(found[..., 20:-20, 20:-20], large[..., 20:-20, 20:-20])
    assert (found - large).abs().max() > 1e-3


def test_kernel_by_hand() -> None:
    """At 0.5: 1.5 / 8 - 2.5 / 4 + 1; at 1.5: -0.5 (3.375 - 11.25 + 12 - 4)."""
    found = cubic(np.array([0, -0.5, 1, 1.5, 2, 3]))
    assert found.tolist() == pytest.approx([1, 0.5625, 0, -0.0625, 0, 0])


def test_convention_edges_are_mirrored_with_the_edge_itself() -> None:
    """Halved, kernel of width 2: the first pixel's weights of places -1 and -2 fall on 0 and 1."""
    places = np.arange(-4, 6)
    weights = cubic((0.5 - places) / 2)
    weights /= weights.sum()
    row = np.zeros(6)
    for place, weight in zip(places, weights, strict=True):
        row[-1 - place if place < 0 else place] += weight
    np.testing.assert_allclose(resampling_matrix(6, 3)[0], row, atol=1e-12)


def test_factor_one_changes_nothing() -> None:
    image = uniform_image(9, 32)
    assert torch.equal(low_pass(image, 1), image)
    np.testing.assert_array_equal(resampling_matrix(7, 7), np.eye(7))
