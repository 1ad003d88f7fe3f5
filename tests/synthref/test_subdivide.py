import numpy as np

from idfsr.synthref.subdivide import interpolate, subdivide, triangulate

CUBE = np.array([[x, y, z] for x in (0.0, 1.0) for y in (0.0, 1.0) for z in (0.0, 1.0)], np.float32)
CUBE_QUADS = np.array(
    [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
)


def test_cube_corner_follows_catmull_and_clark() -> None:
    matrix, quads = subdivide(CUBE_QUADS, np.ones(8, dtype=bool))
    refined = interpolate(matrix, CUBE)
    assert refined.shape == (8 + 12 + 6, 3)
    assert quads.shape == (24, 4)
    # Corner (0, 0, 0): mean of its face points 1/3, of its edge points 1/6, valence 3, so
    # (1/3 + 2 * 1/6 + 0) / 3 = 2/9 on each axis.
    np.testing.assert_allclose(refined[0], [2 / 9] * 3, atol=1e-6)


def test_rows_sum_to_one_so_shifts_pass_through() -> None:
    matrix, _ = subdivide(CUBE_QUADS, np.ones(8, dtype=bool))
    np.testing.assert_allclose(np.asarray(matrix.sum(axis=1)).ravel(), 1, atol=1e-6)


def test_kept_vertices_stay_and_edges_are_cut_in_the_middle() -> None:
    quad = np.array([[0, 1, 2, 3]])
    corners = np.array([[0, 0, 0], [4, 0, 0], [4, 2, 0], [0, 2, 0]], np.float32)
    matrix, quads = subdivide(quad, np.zeros(4, dtype=bool))
    refined = interpolate(matrix, corners)
    np.testing.assert_allclose(refined[:4], corners)
    middles = {tuple(point) for point in refined[4:].tolist()}
    assert middles == {(2, 0, 0), (4, 1, 0), (2, 2, 0), (0, 1, 0), (2, 1, 0)}
    areas = refined[triangulate(quads)]
    normals = np.cross(areas[:, 1] - areas[:, 0], areas[:, 2] - areas[:, 0])
    assert (normals[:, 2] > 0).all()  # the children turn as their parent does
    assert normals[:, 2].sum() / 2 == 8
