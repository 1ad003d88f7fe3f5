import cv2
import numpy as np
import pytest
from skimage.transform import SimilarityTransform

from idfsr.constants import ARCFACE_LANDMARKS_112, FFHQ_LANDMARKS_512
from idfsr.faces.align import (
    align_arcface,
    align_ffhq,
    fit_affine,
    fit_similarity,
    transform,
    warp_image,
)
from idfsr.faces.detector import Detector
from idfsr.io.images import resize

from .face_tree import LANDMARKS, photograph

TEMPLATE = np.array(FFHQ_LANDMARKS_512)


def noisy_points(seed: int) -> np.ndarray:
    return TEMPLATE * 0.3 + np.random.default_rng(seed).normal(0, 5, (5, 2))


def test_convention_matrix_maps_source_to_destination() -> None:
    src = np.array([(0.0, 0), (1, 0), (0, 1)])
    dst = np.array([(10.0, 20), (10, 22), (8, 20)])  # twice as large, turned by 90 degrees
    matrix = fit_similarity(src, dst)
    np.testing.assert_allclose(matrix, [[0, -2, 10], [2, 0, 20]], atol=1e-12)
    np.testing.assert_allclose(transform(matrix, np.array([(3.0, 5.0)])), [(0, 26)], atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_similarity_is_that_of_scikit_image(seed: int) -> None:
    src, dst = noisy_points(seed), noisy_points(seed + 10) * [1.3, 1.0]
    reference = SimilarityTransform.from_estimate(src, dst)
    np.testing.assert_allclose(fit_similarity(src, dst), reference.params[:2], atol=1e-9)


def test_similarity_never_reflects() -> None:
    matrix = fit_similarity(TEMPLATE, TEMPLATE * [-1, 1])
    assert np.linalg.det(matrix[:, :2]) > 0


def test_published_map_from_ffhq_to_arcface() -> None:
    matrix = fit_similarity(TEMPLATE, np.array(ARCFACE_LANDMARKS_112))
    expected = [[0.29209, 0.000044, -18.93014], [-0.000044, 0.29209, -17.86002]]
    np.testing.assert_allclose(matrix, expected, atol=1e-5)


def test_affine_recovers_six_numbers() -> None:
    matrix = np.array([[1.1, 0.2, -5.0], [-0.1, 0.8, 7.0]])
    found, well_conditioned = fit_affine(TEMPLATE, transform(matrix, TEMPLATE))
    assert well_conditioned
    np.testing.assert_allclose(found, matrix, atol=1e-9)


def test_affine_is_least_squares() -> None:
    src, dst = noisy_points(1), noisy_points(2)
    found, _ = fit_affine(src, dst)
    design = np.column_stack((src, np.ones(5)))
    expected = np.linalg.solve(design.T @ design, design.T @ dst).T  # normal equations
    np.testing.assert_allclose(found, expected, atol=1e-8)


@pytest.mark.parametrize(
    ("src", "dst"),
    [
        (TEMPLATE * [0.05, 1.0], TEMPLATE),  # near a vertical line
        (TEMPLATE, TEMPLATE * [0.2, 1.0]),  # squeezed to a fifth
        (TEMPLATE, TEMPLATE * [-1.0, 1.0]),  # turned inside out
    ],
)
def test_affine_falls_back_to_similarity(src: np.ndarray, dst: np.ndarray) -> None:
    found, well_conditioned = fit_affine(src, dst)
    assert not well_conditioned
    np.testing.assert_array_equal(found, fit_similarity(src, dst))


def test_points_at_one_place_are_an_error() -> None:
    with pytest.raises(ValueError, match="5 points at the same place, wanted at least two"):
        fit_affine(np.full((5, 2), 7.0), TEMPLATE)


def test_convention_pixel_centres_stand_at_one_half() -> None:
    # A lone white pixel at column 2, row 1 has its centre at (2.5, 1.5). Three times as large
    # its square is columns 6 to 8, rows 3 to 5; OpenCV's own convention would shift it by one.
    image = np.zeros((4, 4, 3), np.uint8)
    image[1, 2] = 255
    enlarged = warp_image(image, np.array([[3.0, 0, 0], [0, 3, 0]]), 12, (0, 0, 0))
    assert enlarged[4, 7, 0] == 255
    rows, columns = np.indices((12, 12)) + 0.5
    weights = enlarged[..., 0] / enlarged[..., 0].sum()
    assert (weights * columns).sum() == pytest.approx(7.5, abs=0.01)
    assert (weights * rows).sum() == pytest.approx(4.5, abs=0.01)


def test_convention_translation_is_x_then_y() -> None:
    image = np.zeros((8, 8, 3), np.uint8)
    image[2, 3] = (9, 8, 7)
    moved = warp_image(image, np.array([[1.0, 0, 3], [0, 1, 1]]), 8, (1, 2, 3))
    assert moved[3, 6].tolist() == [9, 8, 7]
    assert moved[0, 0].tolist() == [1, 2, 3]  # the border is RGB too


def test_shrinking_averages_squares() -> None:
    image = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    small = warp_image(image, np.array([[0.25, 0, 0], [0, 0.25, 0]]), 24, (0, 0, 0))
    means = image.reshape(24, 4, 24, 4, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(small, means, atol=0.51)


def test_aligned_face_is_where_ffhq_has_it(stock_detector: Detector) -> None:
    image, matrix = align_ffhq(photograph(), LANDMARKS, 256)
    assert image.shape == (256, 256, 3)
    (faces,) = stock_detector.detect([image], 256)
    assert np.abs(faces.landmarks[0] - TEMPLATE / 2).mean() < 4
    assert np.abs(faces.landmarks[0] - transform(matrix, LANDMARKS)).mean() < 2


def test_resolution_of_the_photograph_does_not_move_the_crop() -> None:
    small, _ = align_ffhq(photograph(), LANDMARKS, 64)
    large = resize(photograph(), (2048, 2048), "bicubic")
    again, _ = align_ffhq(large, LANDMARKS * 4, 64)
    assert np.abs(small.astype(int) - again).mean() < 1.5


def test_arcface_crop_has_its_landmarks_on_the_template() -> None:
    # White squares on black at the landmarks come out at the template's places.
    image = np.zeros((512, 512, 3), np.uint8)
    template = np.array(ARCFACE_LANDMARKS_112)
    points = template * 3.0 + [40, 20]
    for x, y in points:
        cv2.rectangle(image, (int(x) - 4, int(y) - 4), (int(x) + 4, int(y) + 4), (255,) * 3, -1)
    crop = align_arcface(image, points)
    assert crop.shape == (112, 112, 3)
    bright = np.argwhere(crop[..., 0] > 128)[:, ::-1] + 0.5
    distances = np.linalg.norm(bright[:, None] - template, axis=2)
    assert set(distances.argmin(axis=1)) == {0, 1, 2, 3, 4}
    assert distances.min(axis=1).max() < 2.5
