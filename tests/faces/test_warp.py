import numpy as np
import pytest

from idfsr.faces.align import transform
from idfsr.faces.detector import Detector
from idfsr.faces.warp import landmark_distance, warp_reference

from .face_tree import make_face


def test_reference_falls_on_the_target(stock_detector: Detector) -> None:
    ref_image, ref_landmarks, _ = make_face(0)
    _, target_landmarks, _ = make_face(1)
    target_landmarks = target_landmarks * [0.9, 1.05] + [6, -4]
    warped, matrix, well_conditioned = warp_reference(
        ref_image, ref_landmarks, target_landmarks, 128
    )
    assert well_conditioned
    np.testing.assert_allclose(transform(matrix, ref_landmarks), target_landmarks, atol=1e-6)
    (faces,) = stock_detector.detect([warped], 128)
    before = np.abs(ref_landmarks - target_landmarks).mean()
    assert np.abs(faces.landmarks[0] - target_landmarks).mean() < 0.4 * before


def test_convention_matrix_goes_from_reference_to_target() -> None:
    ref_landmarks = np.array([(20.0, 20), (40, 20), (30, 30), (22, 40), (38, 40)])
    image = np.zeros((64, 64, 3), np.uint8)
    image[30, 10] = 255
    target_landmarks = ref_landmarks + np.array([12, 5])
    warped, matrix, _ = warp_reference(image, ref_landmarks, target_landmarks, 64)
    np.testing.assert_allclose(matrix, [[1, 0, 12], [0, 1, 5]], atol=1e-9)
    assert np.argwhere(warped[..., 0] > 128).tolist() == [[35, 22]]
    assert warped[0, 0].tolist() == [0, 0, 0]


def test_reference_may_have_another_size() -> None:
    image, landmarks, _ = make_face(2)
    warped, matrix, _ = warp_reference(image, landmarks, landmarks / 2, 64)
    assert warped.shape == (64, 64, 3)
    np.testing.assert_allclose(matrix, [[0.5, 0, 0], [0, 0.5, 0]], atol=1e-9)


def test_profile_falls_back() -> None:
    image, landmarks, _ = make_face(2)
    profile = np.array([(60.0, 50), (61, 50), (62, 65), (60, 80), (61, 80)])
    _, matrix, well_conditioned = warp_reference(image, profile, landmarks, 128)
    assert not well_conditioned
    assert matrix[0, 0] == matrix[1, 1]
    assert matrix[0, 1] == -matrix[1, 0]


def test_landmarks_at_one_place_are_an_error() -> None:
    image, landmarks, _ = make_face(2)
    with pytest.raises(ValueError, match="same place"):
        warp_reference(image, np.full((5, 2), 3.0), landmarks, 128)


def test_distance_of_poses_forgets_place_size_and_tilt() -> None:
    """A square with a point in its middle, which stands 3 to the right in the other face."""
    target = np.array([[0, 0], [10, 0], [5, 5], [0, 10], [10, 10]], np.float32)
    moved = 2 * target @ np.array([[0.6, 0.8], [-0.8, 0.6]], np.float32) + np.float32(7)
    assert landmark_distance(moved, target) < 1e-5
    turned = target.copy()
    turned[2, 0] += 3
    # Squares about the mean: 207.2 of the turned face, 200 of the target, products 200.
    rest = 200 - 200**2 / 207.2
    assert landmark_distance(turned, target) == pytest.approx((rest / 5) ** 0.5, rel=1e-5)
