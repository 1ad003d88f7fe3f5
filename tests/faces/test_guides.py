import json
from pathlib import Path

import numpy as np
import torch

from idfsr.faces.guides import mask_and_grid, stack_boxes
from idfsr.faces.landmarks68 import component_boxes, landmark_mask
from idfsr.faces.mls import mls_grid

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "asffnet.json").read_text())
FACE, REFERENCE = (
    torch.tensor(GOLDEN[f"{name}_landmarks"], dtype=torch.float64) for name in ("lq", "ref")
)


def test_mask_and_grid_are_those_of_each_face() -> None:
    masks, grid = mask_and_grid(torch.stack([FACE, REFERENCE]), torch.stack([REFERENCE, FACE]), 512)
    assert masks.shape == (2, 1, 512, 512)
    np.testing.assert_array_equal(masks[1, 0], landmark_mask(REFERENCE.numpy(), 512))
    wanted = mls_grid(FACE[None, 17:] / 4, REFERENCE[None, 17:] / 4, 128)
    torch.testing.assert_close(grid[1:], wanted)


def test_a_small_face_moves_as_a_large_one() -> None:
    _, large = mask_and_grid(FACE[None], REFERENCE[None], 512)
    _, small = mask_and_grid(FACE[None] / 8, REFERENCE[None] / 8, 64)
    middle = (large[0, 32:96:8, 32:96:8] - small[0, 4:12, 4:12]).abs()
    assert middle.max() < 0.02  # pixel centres stand at whole numbers, so sizes differ a little


def test_boxes_are_those_of_each_face() -> None:
    boxes = stack_boxes(torch.stack([FACE, REFERENCE]), 512)
    np.testing.assert_array_equal(boxes[1], component_boxes(REFERENCE.numpy(), 512))
