import importlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from idfsr.config.landmarks import LandmarksConfig
from idfsr.errors import IdfsrError
from idfsr.faces.detector import Detections, Detector, fit_into_square, load_detector
from idfsr.faces.retinaface import RetinaFace
from idfsr.io.images import resize

from .face_tree import BOX, LANDMARKS, photograph

EYE_DISTANCE = 42.7


def test_finds_the_face_where_it_is(stock_detector: Detector) -> None:
    (faces,) = stock_detector.detect([photograph()], 512)
    assert len(faces.scores) == 1
    assert faces.scores[0] > 0.99
    assert np.abs(faces.landmarks[0] - LANDMARKS).max() < 1
    assert np.abs(faces.boxes[0] - BOX).max() < 1


def test_convention_coordinates_are_of_the_original(stock_detector: Detector) -> None:
    # The left 330 columns, twice as wide and three times as high: not square, not to scale.
    image = photograph()[:, :330]
    stretched = resize(image, (512 * 3, 330 * 2), "bicubic")
    (faces,) = stock_detector.detect([stretched], 512)
    error = np.abs(faces.landmarks[0] / [2, 3] - LANDMARKS)
    assert error.max() < 0.15 * EYE_DISTANCE


@pytest.mark.parametrize(
    ("height", "width", "shape", "factors"),
    [(300, 600, (128, 256), (600 / 256, 300 / 128)), (80, 50, (256, 160), (50 / 160, 80 / 256))],
)
def test_convention_factors_are_x_then_y(
    height: int, width: int, shape: tuple[int, int], factors: tuple[float, float]
) -> None:
    copy, found = fit_into_square(np.zeros((height, width, 3), np.uint8), 256)
    assert copy.shape[:2] == shape
    assert found == factors


def test_batch_equals_one_by_one(stock_detector: Detector) -> None:
    image = photograph()
    images = [image, image[:, 60:350], image[20:260, 120:300], np.zeros((90, 30, 3), np.uint8)]
    together = stock_detector.detect(images, 256)
    alone = [stock_detector.detect([single], 256)[0] for single in images]
    assert [len(faces.scores) for faces in together] == [1, 1, 1, 0]
    for left, right in zip(together, alone, strict=True):
        np.testing.assert_allclose(left.landmarks, right.landmarks, rtol=0, atol=1e-2)
        np.testing.assert_allclose(left.scores, right.scores, rtol=0, atol=1e-4)


def test_several_faces_and_the_largest(stock_detector: Detector) -> None:
    face = photograph()[30:210, 130:310]
    canvas = np.full((400, 700, 3), 110, np.uint8)
    canvas[200:290, 40:130] = resize(face, (90, 90), "bicubic")
    canvas[40:340, 350:650] = resize(face, (300, 300), "bicubic")
    (faces,) = stock_detector.detect([canvas], 512)
    assert len(faces.scores) == 2
    assert faces.landmarks[faces.largest(), 2, 0] > 350
    assert list(faces.scores) == sorted(faces.scores, reverse=True)


def test_single_face_needs_no_score(stock_detector: Detector) -> None:
    blurred = resize(
        resize(photograph()[30:210, 130:310], (8, 8), "bicubic"), (128, 128), "bicubic"
    )
    strict = replace(stock_detector, score_threshold=1.0)
    assert len(strict.detect([blurred], 128)[0].scores) == 0
    (face,) = strict.detect_single([blurred], 128)
    assert face.landmarks.shape == (1, 5, 2)
    boxes, scores, landmarks = strict.search([blurred], 128)
    best = int(scores[0].argmax())
    np.testing.assert_array_equal(face.landmarks[0], landmarks[0, best])
    np.testing.assert_array_equal(face.boxes[0], boxes[0, best])


def test_no_face_has_no_largest() -> None:
    nothing = Detections(np.zeros((0, 4)), np.zeros(0), np.zeros((0, 5, 2)))
    with pytest.raises(ValueError, match="empty"):
        nothing.largest()


def test_convention_scaled_is_x_then_y() -> None:
    faces = Detections(np.array([[1.0, 2, 3, 4]]), np.array([0.5]), np.ones((1, 5, 2)))
    scaled = faces.scaled((10.0, 100.0))
    assert scaled.boxes.tolist() == [[10, 200, 30, 400]]
    assert scaled.landmarks[0, 0].tolist() == [10, 100]


def test_missing_weights_are_one_line(assets_dir: Path) -> None:
    with pytest.raises(IdfsrError, match=r"none\.pth: no such file"):
        load_detector(LandmarksConfig(weights="none.pth"), assets_dir, torch.device("cpu"))


@pytest.mark.filterwarnings("ignore")  # the package was written for libraries of 2022
def test_other_normalisation_is_that_of_retinaface_pytorch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same weights in the package and here, on a photograph that needs no padding."""
    monkeypatch.setenv("NO_ALBUMENTATIONS_UPDATE", "1")
    package = importlib.import_module("retinaface.predict_single")
    torch.manual_seed(0)
    network = RetinaFace("resnet50").eval()
    theirs = package.Model(max_size=64)
    theirs.load_state_dict(network.state_dict())
    theirs.eval()
    detector = Detector(network, 0.3, torch.device("cpu"), "imagenet")
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    (found,) = detector.detect([image], 64)
    wanted = theirs.predict_jsons(image, confidence_threshold=0.3)
    assert len(wanted) > 3
    scores = {round(float(score), 2) for score in found.scores}
    assert {round(float(row["score"]), 2) for row in wanted} <= scores
    places = {tuple(np.round(face.ravel(), 1)) for face in found.landmarks}
    for row in wanted:
        points = np.array(row["landmarks"]).ravel()
        assert min(np.abs(points - place).max() for place in places) < 0.2
    (other,) = Detector(network, 0.3, torch.device("cpu")).detect([image], 64)
    assert other.scores[0] != found.scores[0]
