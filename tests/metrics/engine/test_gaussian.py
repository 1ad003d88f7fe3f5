import numpy as np
from scipy.ndimage import gaussian_filter1d

from idfsr.metrics.engine.gaussian import gaussian_matrix


def test_agrees_with_scipy_beyond_the_border_is_zero() -> None:
    column = np.random.default_rng(0).random((20, 1))
    filtered = gaussian_matrix(20, radius=5, sigma=1.5).numpy() @ column
    wanted = gaussian_filter1d(column, 1.5, axis=0, mode="constant", radius=5)
    np.testing.assert_allclose(filtered, wanted, rtol=0, atol=1e-14)


def test_inner_rows_hold_the_whole_window() -> None:
    matrix = gaussian_matrix(12, radius=3, sigma=7 / 6)
    np.testing.assert_allclose(matrix.sum(dim=1)[3:-3], 1, rtol=1e-14)
    assert matrix[2].sum() < 1
