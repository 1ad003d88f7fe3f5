import numpy as np
import torch

from idfsr.metrics.engine.unit_range import to_unit


def test_convention_channels_first_and_range() -> None:
    images = np.zeros((1, 2, 3, 3), dtype=np.uint8)
    images[0, 1, 2] = (255, 51, 0)  # row 1, column 2: red full, green a fifth
    unit = to_unit(images)
    assert unit.dtype == torch.float64
    assert unit.shape == (1, 3, 2, 3)
    assert unit[0, :, 1, 2].tolist() == [1.0, 0.2, 0.0]
    assert unit.sum() == 1.2
