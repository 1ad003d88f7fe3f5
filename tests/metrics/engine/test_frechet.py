import numpy as np
import pytest
import torch
from pytorch_fid.fid_score import calculate_frechet_distance
from scipy.linalg import sqrtm

from idfsr.metrics.engine.frechet import ROWS_TO_REDUCE, frechet_distance


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


@pytest.mark.parametrize(("num_x", "num_y"), [(300, 200), (300, 20), (20, 300), (40, 36), (20, 12)])
@pytest.mark.filterwarnings("ignore")  # of the roots of singular matrices
def test_agrees_with_pytorch_fid(num_x: int, num_y: int) -> None:
    # 32 features: more images than that in both sets, in one, in neither.
    rng = np.random.default_rng(4)
    mixing = rng.normal(size=(32, 32)) / 32**0.5
    x, y = rng.normal(size=(num_x, 32)) @ mixing, rng.normal(0.1, 1.5, size=(num_y, 32))
    statistics = [(rows.mean(axis=0), np.cov(rows, rowvar=False)) for rows in (x, y)]
    wanted = calculate_frechet_distance(*statistics[0], *statistics[1])
    # where images are few, the library is good to the square root of float64
    value = frechet_distance(torch.from_numpy(x), torch.from_numpy(y))
    assert value == pytest.approx(wanted, rel=1e-10 if min(num_x, num_y) > 32 else 1e-6)


@pytest.mark.parametrize("num_images", [100, 4])
def test_gaussians_with_a_known_distance(num_images: int) -> None:
    # Covariances I and S^2 with S = [[2, 1], [1, 2]]: tr(I + S^2 - 2 S) = |S - I|^2 = 4, whatever
    # the basis; means 3 and 4 apart in two directions: 25.
    rows = np.random.default_rng(5).normal(size=(num_images, 2))
    white = np.linalg.qr(rows - rows.mean(axis=0))[0] * (num_images - 1) ** 0.5
    x, y = torch.from_numpy(white), torch.from_numpy(white @ [[2.0, 1], [1, 2]] + [3.0, 4])
    assert frechet_distance(x, y) == pytest.approx(29.0, rel=1e-12)


def test_no_step_where_the_computation_changes() -> None:
    rng = np.random.default_rng(6)
    x, y = (torch.from_numpy(rng.normal(size=(30, 16))) for _ in range(2))
    padded_x, padded_y = (torch.nn.functional.pad(rows, (0, 16)) for rows in (x, y))
    assert len(x) > ROWS_TO_REDUCE * x.shape[1]
    assert len(x) < ROWS_TO_REDUCE * padded_x.shape[1]
    assert frechet_distance(x, y) == pytest.approx(frechet_distance(padded_x, padded_y), rel=1e-12)


def test_the_order_of_the_images_does_not_matter() -> None:
    rng = np.random.default_rng(7)
    x, y = (torch.from_numpy(rng.normal(size=(num, 24))) for num in (20, 50))
    backwards = frechet_distance(x.flip(0), y.flip(0))
    assert backwards == pytest.approx(frechet_distance(x, y), rel=1e-12)


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
