"""Whole photographs of real people, which are not part of the project."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from idfsr.config.landmarks import LandmarksConfig
from idfsr.constants import FFHQ_LANDMARKS_512
from idfsr.faces.align import align_ffhq, transform
from idfsr.faces.detector import Detector, load_detector
from idfsr.faces.landmarks import detect_landmarks
from idfsr.io.digests import file_digest
from idfsr.io.images import read_image

CONFIG = LandmarksConfig(image_size=512, batch_size=4)


def find_photographs(test_data: Path) -> pd.DataFrame:
    root = test_data / "real-faces"
    paths = sorted(root.glob("*/*"))
    return pd.DataFrame(
        {
            "identity": [path.parent.name for path in paths],
            "image": [path.stem for path in paths],
            "path": [str(path.relative_to(root)) for path in paths],
            "sha256": [file_digest(path) for path in paths],
        }
    )


def test_finds_all_faces_and_ffhq_alignment_fits(test_data: Path, stock_detector: Detector) -> None:
    rows = find_photographs(test_data)
    assert len(rows) == 25
    table = detect_landmarks(rows, test_data / "real-faces", stock_detector, CONFIG, 1)
    assert (table["num_faces"] >= 1).all()
    assert table["score"].min() > 0.99
    for path, landmarks in zip(rows["path"], table["landmarks"], strict=True):
        image = read_image(test_data / "real-faces" / path)
        points = np.array(landmarks).reshape(5, 2)
        _, matrix = align_ffhq(image, points, 512)
        error = np.abs(transform(matrix, points) - np.array(FFHQ_LANDMARKS_512))
        assert error.max() < 45


def test_agrees_with_the_public_weights(
    test_data: Path, stock_detector: Detector, assets_dir: Path
) -> None:
    rows = find_photographs(test_data)
    weights = str(test_data / "weights" / "mobilenet0.25_Final.pth")
    public = load_detector(LandmarksConfig(weights=weights), assets_dir, torch.device("cpu"))
    root = test_data / "real-faces"
    first, second = (
        np.stack(detect_landmarks(rows, root, detector, CONFIG, 1)["landmarks"].tolist())
        for detector in (stock_detector, public)
    )
    points, others = first.reshape(-1, 5, 2), second.reshape(-1, 5, 2)
    eyes = np.linalg.norm(others[:, 0] - others[:, 1], axis=1)
    distance = np.linalg.norm(points - others, axis=2).mean(axis=1) / eyes
    assert distance.mean() < 0.05
    assert distance.max() < 0.1
