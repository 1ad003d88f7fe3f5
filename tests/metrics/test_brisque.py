import pickletools
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from scipy import stats

from idfsr.errors import IdfsrError
from idfsr.io.assets import find_asset
from idfsr.metrics.brisque.regression import (
    FEATURE_MAX,
    FEATURE_MIN,
    SupportVectorRegression,
    brisque,
    fit_generalised_gaussian,
    load_brisque,
    scene_statistics,
)
from idfsr.metrics.engine.unit_range import to_unit


@pytest.fixture(scope="module")
def model(assets_dir: Path) -> SupportVectorRegression:
    return load_brisque(assets_dir)


def test_agrees_with_the_package(
    model: SupportVectorRegression, textured: np.ndarray, degraded: list[np.ndarray]
) -> None:
    # What brisque 0.2.0 with libsvm 3.37 gives for these images (its features made plain floats).
    wanted = [78.06861572749833, 24.807316406805597, 76.70668429513077, 89.11301096690974]
    images = np.stack([textured, degraded[0], degraded[3], degraded[4]])
    np.testing.assert_allclose(brisque(to_unit(images), model), wanted, rtol=0, atol=1e-6)


def test_features_agree_with_the_package(textured: np.ndarray) -> None:
    features = scene_statistics(to_unit(textured[None]))[0]
    wanted = {
        0: 9.472548759,  # shape and mean square of the coefficients
        1: 0.465746539,
        2: 1.184854523,  # horizontal neighbours: shape, mean, squares to the left and right
        3: -0.05923178568,
        4: 0.265521054,
        5: 0.1889665311,
        14: 1.139299704,  # the second diagonal
        15: -0.03445390968,
        18: 2.946093401,  # at half the size
        35: 0.0914885098,
    }
    np.testing.assert_allclose(features[list(wanted)], list(wanted.values()), rtol=1e-8)


def test_rises_with_blur(model: SupportVectorRegression, portrait: np.ndarray) -> None:
    blurred = [cv2.GaussianBlur(portrait, (0, 0), sigma) for sigma in (0.5, 1, 2)]
    values = brisque(to_unit(np.stack([portrait, *blurred])), model).tolist()
    assert values == sorted(values)


def test_ranges_are_those_of_the_package(assets_dir: Path) -> None:
    pickled = find_asset(assets_dir, "brisque").with_name("normalize.pickle").read_bytes()
    numbers = [arg for code, arg, _ in pickletools.genops(pickled) if code.name == "BINFLOAT"]
    assert numbers == [*FEATURE_MIN, *FEATURE_MAX]


@pytest.mark.parametrize("shape", [0.7, 1.0, 2.0, 4.0])
def test_fit_finds_a_known_shape(shape: float) -> None:
    values = stats.gennorm.rvs(shape, scale=0.3, size=200_000, random_state=1)
    fitted, mean, left, right = fit_generalised_gaussian(torch.from_numpy(values)[None])
    assert fitted.item() == pytest.approx(shape, rel=0.03)
    assert mean.item() == pytest.approx(0, abs=0.01)
    assert left.item() == pytest.approx(stats.gennorm.var(shape, scale=0.3), rel=0.03)
    assert right.item() == pytest.approx(left.item(), rel=0.03)


def test_convention_left_is_negative() -> None:
    # Two halves of one exponent: Gaussian of deviation 1 to the left and 3 to the right, whose
    # weights are as 1 to 3 and whose mean is sqrt(2 / pi) (3 - 1).
    rng = np.random.default_rng(0)
    left = -np.abs(rng.normal(0, 1, 50_000))
    right = np.abs(rng.normal(0, 3, 150_000))
    values = torch.from_numpy(np.concatenate([left, right]))[None]
    shape, mean, left_square, right_square = (x.item() for x in fit_generalised_gaussian(values))
    assert shape == pytest.approx(2, rel=0.03)
    assert mean == pytest.approx(2 * (2 / np.pi) ** 0.5, rel=0.03)
    assert (left_square, right_square) == pytest.approx((1, 9), rel=0.03)


def test_images_of_one_colour_have_a_score(model: SupportVectorRegression) -> None:
    black, grey = np.zeros((64, 64, 3), np.uint8), np.full((64, 64, 3), 128, np.uint8)
    assert torch.isfinite(brisque(to_unit(np.stack([black, grey])), model)).all()


def test_odd_sizes() -> None:
    with pytest.raises(IdfsrError, match="65 x 64 px, wanted even"):
        scene_statistics(torch.zeros(1, 3, 64, 65, dtype=torch.float64))
