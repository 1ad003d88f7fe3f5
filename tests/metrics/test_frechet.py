import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from idfsr.metrics.frechet import frechet_distance


def by_square_root(x: np.ndarray, y: np.ndarray) -> float:
    """The formula with the root of a matrix written out."""
    c_x, c_y = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    root = sqrtm(c_x @ c_y).real
    difference = x.mean(axis=0) - y.mean(axis=0)
    return float(difference @ difference + np.trace(c_x + c_y - 2 * root))


@pytest.mark.parametrize(("num_x", "num_y"), [(40, 40), (30, 50)])
def test_agrees_with_the_matrix_square_root(num_x: int, num_y: int) -> None:
    rng = np.random.default_rng(3)
    mixing = rng.normal(size=(7, 7))
    x, y = rng.normal(size=(num_x, 7)), rng.normal(0.3, 2, size=(num_y, 7)) @ mixing
    value = frechet_distance(torch.from_numpy(x), torch.from_numpy(y))
    assert value == pytest.approx(by_square_root(x, y), rel=1e-9)


def test_hand_computed_in_one_dimension() -> None:
    # Means 1 and 4, standard deviations 1 and 3: (4 - 1)^2 + (3 - 1)^2.
    x, y = torch.tensor([[0.0], [1], [2]]), torch.tensor([[1.0], [4], [7]])
    assert frechet_distance(x, y) == pytest.approx(13.0)


def test_fewer_images_than_features() -> None:
    # Covariances of rank 1 along e1 and e2: nothing is shared, so the traces add up.
    x = torch.tensor([[1.0, 0, 0], [-1, 0, 0]])
    y = torch.tensor([[0.0, 2, 0], [0, -2, 0]])
    assert frechet_distance(x, y) == pytest.approx(2.0 + 8.0)


def test_zero_on_itself_and_symmetric() -> None:
    rng = np.random.default_rng(0)
    x, y = (torch.from_numpy(rng.normal(size=(12, 1280))) for _ in range(2))
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(x, y) == pytest.approx(frechet_distance(y, x))


def test_a_single_image_has_no_covariance() -> None:
    with pytest.raises(ValueError, match="1 and 3 images, wanted 2"):
        frechet_distance(torch.zeros(1, 4), torch.zeros(3, 4))
