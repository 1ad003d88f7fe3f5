from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from idfsr.faces.embedded_landmarks import EmbeddedLandmarks
from idfsr.models.landmarks68 import Landmarks68Config, Landmarks68Net
from idfsr.models.published import load_network

WEIGHTS = Path(__file__).parents[2] / "idfsr/weights/landmarks68.safetensors"


def published() -> EmbeddedLandmarks:
    return EmbeddedLandmarks(
        load_network(Landmarks68Net, Landmarks68Config(), WEIGHTS, "68 landmarks")
    )


def test_points_are_in_pixels_of_the_image_whatever_its_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = Landmarks68Net(Landmarks68Config(image_size=32)).eval()
    seen = []

    def forward(_: Landmarks68Net, images: Tensor) -> Tensor:
        seen.append(tuple(images.shape))
        return torch.tensor([0.25, 0.5]).expand(len(images), 68, 2)

    monkeypatch.setattr(Landmarks68Net, "forward", forward)
    found = EmbeddedLandmarks(network).detect(np.zeros((2, 96, 96, 3), np.uint8))
    assert seen == [(1, 3, 32, 32), (1, 3, 32, 32)]
    np.testing.assert_array_equal(found, np.broadcast_to([24.0, 48.0], (2, 68, 2)))


def test_an_image_does_not_depend_on_its_neighbours() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)
    detector = published()
    np.testing.assert_array_equal(detector.detect(images)[1:2], detector.detect(images[1:2]))
