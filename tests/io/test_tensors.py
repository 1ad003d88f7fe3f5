import numpy as np
import pytest
import torch

from idfsr.io.tensors import from_network, to_network


def test_to_network_range_and_layout() -> None:
    image = np.zeros((2, 3, 3), np.uint8)
    image[1, 2] = (255, 0, 51)
    tensor = to_network(image)
    assert tensor.shape == (1, 3, 2, 3)
    assert tensor.dtype == torch.float32
    assert tensor[0, :, 1, 2].tolist() == pytest.approx([1.0, -1.0, -0.6])


def test_every_level_survives_the_round_trip() -> None:
    levels = np.arange(256, dtype=np.uint8).repeat(3).reshape(2, 16, 8, 3)
    np.testing.assert_array_equal(from_network(to_network(levels)), levels)


def test_from_network_clamps_and_rounds() -> None:
    values = torch.tensor([-3.0, 3.0, 0.003, 0.0]).reshape(1, 1, 1, 4).repeat(1, 3, 1, 1)
    # 127.5 * 1.003 = 127.88; 127.5 rounds to the even 128
    assert from_network(values)[0, 0, :, 0].tolist() == [0, 255, 128, 128]
