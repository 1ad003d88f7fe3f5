import numpy as np
import pytest

from idfsr.config.model import ModelConfig
from idfsr.config.shards import ShardsConfig
from idfsr.faces.detector import Detector
from idfsr.faces.targets import read_faces
from idfsr.io.degradation import degrade, upsample
from idfsr.run.config import Config, stage_settings
from idfsr.training.networks.lr_detector.faces import (
    FaceSet,
    make_batch,
    read_faces_of,
    training_factors,
    vary_face,
)
from tests.faces.conftest import stock_detector  # noqa: F401
from tests.faces.face_tree import make_face, make_face_tree


@pytest.fixture
def faces() -> FaceSet:
    images, landmarks, boxes = zip(*(make_face(index) for index in range(4)), strict=True)
    return FaceSet(list(images), np.float32(boxes), np.float32(landmarks), [])


@pytest.mark.parametrize(
    ("size", "factors"), [(256, [4, 8, 16, 32]), (64, [4, 8, 16]), (32, [4, 8]), (96, [4, 8, 16])]
)
def test_factors_leave_four_pixels(size: int, factors: list[int]) -> None:
    assert training_factors(size) == factors


def test_convention_varied_landmarks_stay_on_the_face(
    faces: FaceSet,
    stock_detector: Detector,  # noqa: F811
) -> None:
    mirrored = set()
    for seed in range(6):
        image, box, landmarks = vary_face(
            faces.images[0], faces.boxes[0], faces.landmarks[0], np.random.default_rng(seed)
        )
        (found,) = stock_detector.detect([image], 256)
        eyes = np.linalg.norm(landmarks[0] - landmarks[1])
        assert np.linalg.norm(found.landmarks[0] - landmarks, axis=1).mean() < 0.15 * eyes
        assert np.abs(found.boxes[0] - box).mean() < 0.2 * eyes
        assert landmarks[0, 0] < landmarks[1, 0]  # left stays the viewer's left
        mirrored.add(bool(np.random.default_rng(seed).integers(2)))
    assert mirrored == {False, True}


def test_batch_is_degraded_and_seeded(faces: FaceSet) -> None:
    rows = np.array([0, 3, 3])
    images, boxes, landmarks = make_batch(faces, rows, 64, 7)
    assert images.shape == (3, 64, 64, 3)
    assert boxes.shape == (3, 4)
    assert landmarks.max() < 64  # in pixels of the enlarged image
    again = make_batch(faces, rows, 64, 7)
    assert all(a.equal(b) for a, b in zip(again, (images, boxes, landmarks), strict=True))
    other = make_batch(faces, rows, 64, 8)
    assert not other[0].equal(images)
    # As blurred as the mildest factor at least.
    sharp = np.abs(np.diff(upsample(degrade(faces.images[0], 4), 64).astype(float), axis=1)).mean()
    found = np.abs(np.diff(images.numpy().astype(float), axis=2)).mean(axis=(1, 2, 3))
    assert found.max() < 1.3 * sharp


def test_reads_faces_at_the_size_of_the_ground_truth(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    tree = make_face_tree(tmp_path_factory.mktemp("tree"))
    config = stage_settings(
        Config(shards=ShardsConfig(image_size=64), model=ModelConfig(image_size=64)),
        "train-lr_detector",
    )
    known = read_faces(tree.manifest, tree.landmarks, tree.root)
    found = read_faces_of([("ann", "1"), ("bob", "0")], known, config)
    assert [image.shape for image in found.images] == [(64, 64, 3)] * 2
    np.testing.assert_allclose(found.landmarks[1], make_face(3)[1] / 2, rtol=1e-5)
    np.testing.assert_allclose(found.boxes[0], make_face(1)[2] / 2, rtol=1e-5)
