from pathlib import Path

import numpy as np
import pytest
import torch

from idfsr.constants import FFHQ_LANDMARKS_512
from idfsr.errors import IdfsrError
from idfsr.faces.detector import Detections, Detector
from idfsr.faces.low_resolution import (
    detect_low_resolution,
    landmarks_or_template,
    load_lr_detector,
)
from idfsr.faces.retinaface import RetinaFace
from idfsr.io.degradation import degrade
from idfsr.models.weights import halve_precision, save_weights

from .face_tree import make_face


@pytest.mark.parametrize("scale_factor", [2, 16])
def test_convention_coordinates_are_of_the_full_size_image(
    stock_detector: Detector, scale_factor: int
) -> None:
    faces = [make_face(index) for index in range(2)]
    lr_images = [degrade(image, scale_factor) for image, _, _ in faces]
    found = detect_low_resolution(stock_detector, lr_images, 256, 128)
    assert len(found) == 2
    for face, (_, landmarks, _) in zip(found, faces, strict=True):
        assert face.landmarks.shape == (1, 5, 2)
        if scale_factor == 2:
            assert np.abs(face.landmarks[0] - landmarks).max() < 4


def test_template_where_landmarks_leave_the_image() -> None:
    inside = np.full((1, 5, 2), 30.0, np.float32)
    outside = inside.copy()
    outside[0, 4, 1] = 64.5
    box, score = np.zeros((1, 4)), np.zeros(1)
    points, detected = landmarks_or_template(Detections(box, score, inside), 64)
    assert detected
    np.testing.assert_array_equal(points, inside[0])
    points, detected = landmarks_or_template(Detections(box, score, outside), 64)
    assert not detected
    np.testing.assert_allclose(points, np.array(FFHQ_LANDMARKS_512) / 8, rtol=1e-6)


def test_loads_what_was_saved(tmp_path: Path) -> None:
    network = RetinaFace("mobilenet0.25")
    path = tmp_path / "model.safetensors"
    save_weights(path, network, {})
    halve_precision(path, path, {})
    detector = load_lr_detector(path, torch.device("cpu"))
    state = detector.network.state_dict()
    assert all(x.dtype != torch.float16 for x in state.values())
    assert not detector.network.training
    with pytest.raises(IdfsrError, match="no such file"):
        load_lr_detector(tmp_path / "none.safetensors", torch.device("cpu"))
