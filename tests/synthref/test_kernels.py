import numpy as np

from idfsr.synthref.kernels import (
    BACKGROUND,
    blend_ribbons,
    raster_ribbons,
    raster_sphere,
    raster_triangles,
    vertex_normals,
)


def empty(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    depth = np.full((size, size), -np.inf, np.float32)
    face_ids = np.full((size, size), BACKGROUND, np.int32)
    return depth, face_ids, np.zeros((size, size, 2), np.float32)


def test_convention_nearer_triangle_wins_and_backs_are_not_drawn() -> None:
    # y points down, so the corners of a triangle that faces the viewer go anticlockwise on screen.
    far = [[0, 0, 1], [0, 8, 1], [8, 0, 1]]
    near = [[0, 0, 5], [0, 4, 5], [4, 0, 5]]
    points = np.array(far + near, np.float32)
    faces = np.array([[0, 1, 2], [3, 4, 5], [3, 5, 4]], np.int32)
    depth, face_ids, weights = empty(8)
    raster_triangles(points, faces, depth, face_ids, weights)
    assert face_ids[0, 0] == 1
    assert face_ids[5, 1] == 0
    assert face_ids[1, 5] == 0
    assert face_ids[7, 7] == BACKGROUND
    assert (face_ids != 2).all()
    # The centre (1.5, 5.5) of the pixel in row 5, column 1: weight 5.5 / 8 of (0, 8).
    np.testing.assert_allclose(weights[5, 1], [1 - 7 / 8, 5.5 / 8], atol=1e-6)


def test_sphere_depth_is_that_of_its_front() -> None:
    depth, face_ids, _ = empty(9)
    raster_sphere(np.array([4.5, 4.5, 2.0]), 3.0, -2, depth, face_ids)
    assert depth[4, 4] == 5
    assert face_ids[4, 4] == -2
    assert face_ids[0, 0] == BACKGROUND
    assert (face_ids == -2).sum() == 25  # whole numbers with x^2 + y^2 < 9


def test_normals_point_out() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    normals = vertex_normals(vertices, np.array([[0, 1, 2]], np.int32))
    np.testing.assert_allclose(normals, np.tile([0, 0, 1], (3, 1)), atol=1e-6)


def ribbon(
    points: list[list[float]], width: float, opacity: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    order = np.arange(len(points) - 1)
    colors = np.ones((1, len(points), 4), np.float32)
    colors[..., 3] = opacity
    widths = np.full((1, len(points)), width, np.float32)
    return order, np.array([points], np.float32), widths, colors


def test_ribbon_covers_its_width_and_is_hidden_behind_what_is_nearer() -> None:
    depth, _, _ = empty(10)
    depth[:, 5:] = 9
    front = depth.copy()
    image = np.zeros((10, 10, 4), np.float32)
    blend_ribbons(*ribbon([[0, 5, 1], [10, 5, 1]], 4, 1), depth, front, image)
    # Seen at one end, so the piece is drawn where the buffer lets it through.
    assert image[:, 2, 3].tolist() == [0, 0, 0, 1, 1, 1, 1, 0, 0, 0]
    assert image[:, 5:].sum() == 0
    assert image[3, 2, 0] < image[4, 2, 0]  # darker at the side
    assert front[4, 2] == 1
    assert depth[4, 2] == -np.inf


def test_thin_and_clear_ribbons_cover_in_part() -> None:
    depth, _, _ = empty(10)
    front = depth.copy()
    image = np.zeros((10, 10, 4), np.float32)
    pieces = ribbon([[0, 4.5, 1], [4, 4.5, 1], [10, 4.5, 1]], 0.5, 0.4)
    blend_ribbons(*pieces, depth, front, image)
    # Half of a pixel's width at an opacity of 0.4; the joint is not covered twice.
    np.testing.assert_allclose(image[4, :, 3], 0.2, atol=1e-6)
    assert image[:4].sum() + image[5:].sum() == 0
    assert front.max() == -np.inf


def test_shadow_ribbon_leaves_its_depth() -> None:
    depth, _, _ = empty(10)
    raster_ribbons(np.array([[[5, 0, 2], [5, 10, 2]]], np.float32), 2.0, depth)
    assert (depth[:, 4:6] == 2).all()
    assert np.isinf(depth[:, :4]).all()
