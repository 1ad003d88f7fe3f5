import numpy as np

from idfsr.faces.align import warp_image
from idfsr.faces.paste import paste_back, soft_edges


def test_edges_are_soft_and_the_middle_is_whole() -> None:
    weights = soft_edges(64)
    assert weights[32, 32] == 1
    assert weights[8:56, 8:56].min() == 1
    assert 0 < weights[0, 32] < 0.1
    np.testing.assert_array_equal(weights, weights.T)


def test_convention_matrix_maps_photograph_to_face() -> None:
    """A face cut out at x 40, y 20, twice as large, goes back there and nowhere else."""
    photograph = np.zeros((80, 100, 3), np.uint8)
    matrix = np.array([[2.0, 0, -80], [0, 2.0, -40]])
    pasted = paste_back(photograph, np.full((64, 64, 3), 200, np.uint8), matrix)
    rows, columns = np.nonzero(pasted[..., 0])
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (20, 51, 40, 71)
    assert (pasted[25:47, 45:67] == 200).all()


def test_what_was_cut_out_goes_back_to_its_place() -> None:
    y, x = np.mgrid[:90, :120]
    photograph = np.stack([x * 2, y * 2, x + y], axis=2).astype(np.uint8)
    turn = 0.3
    matrix = 1.6 * np.array(
        [[np.cos(turn), -np.sin(turn), -30.0], [np.sin(turn), np.cos(turn), -35.0]]
    )
    face = warp_image(photograph, matrix, 64, (0, 0, 0))
    pasted = paste_back(photograph, face, matrix)
    difference = np.abs(pasted.astype(int) - photograph)
    inside = np.zeros((90, 120), bool)
    for row, column in np.ndindex(90, 120):
        u, v = matrix @ [column + 0.5, row + 0.5, 1]
        inside[row, column] = 2 < u < 62 and 2 < v < 62
    assert difference[inside].max() <= 3
    assert difference[~inside].mean() < 1


def test_beyond_the_photograph_is_cut_off_and_shrinking_averages() -> None:
    photograph = np.full((20, 20, 3), 7, np.uint8)
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    away = paste_back(photograph, stripes, np.array([[1.0, 0, -500], [0, 1.0, -500]]))
    np.testing.assert_array_equal(away, photograph)
    small = paste_back(photograph, stripes, np.array([[4.0, 0, 0], [0, 4.0, 0]]))
    assert np.abs(small[6:10, 6:10].astype(int) - 128).max() <= 2
