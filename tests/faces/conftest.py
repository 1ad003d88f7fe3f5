"""The stock detector and the folder of data that is not part of the project."""

import os
from pathlib import Path

import pytest
import torch

from idfsr.config.landmarks import LandmarksConfig
from idfsr.faces.detector import Detector, load_detector


@pytest.fixture
def assets_dir() -> Path:
    return Path(".assets")


@pytest.fixture(scope="session")
def stock_detector() -> Detector:
    return load_detector(LandmarksConfig(), Path(".assets"), torch.device("cpu"))


@pytest.fixture
def test_data() -> Path:
    """A folder with real-faces/<person>/<photograph> and weights/mobilenet0.25_Final.pth."""
    folder = os.environ.get("IDFSR_TEST_DATA")
    if folder is None:
        pytest.skip("IDFSR_TEST_DATA is not set: no real photographs and no public weights")
    return Path(folder)
