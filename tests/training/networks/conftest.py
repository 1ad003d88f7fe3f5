import pytest
import torch
from torch import Tensor

from idfsr.models.landmarks68 import Landmarks68Config, Landmarks68Net
from tests.methods.template_detector import TEMPLATE


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch) -> Landmarks68Net:
    """The embedded detector, which finds a template, a little elsewhere in each image."""

    def forward(_: Landmarks68Net, images: Tensor) -> Tensor:
        shift = images.mean(dim=(1, 2, 3))[:, None, None] / 20
        return torch.from_numpy(TEMPLATE / 512).float() + shift

    monkeypatch.setattr(Landmarks68Net, "forward", forward)
    return Landmarks68Net(Landmarks68Config(image_size=32)).eval()
