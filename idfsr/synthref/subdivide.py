"""Subdivision of a mesh of quadrilaterals, as a matrix that any shape of the mesh can use."""

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.sparse import coo_matrix, csr_matrix, diags, vstack


def _rows(indices: Int[np.ndarray, "rows width"], weight: float, num_columns: int) -> csr_matrix:
    num_rows, width = indices.shape
    rows = np.repeat(np.arange(num_rows), width)
    values = np.full(indices.size, weight, np.float32)
    return coo_matrix((values, (rows, indices.ravel())), (num_rows, num_columns)).tocsr()


def _vertex_rule(
    quads: Int[np.ndarray, "F 4"],
    edges: Int[np.ndarray, "E 2"],
    boundary: Bool[np.ndarray, " E"],
    smooth: Bool[np.ndarray, " V"],
) -> csr_matrix:
    num_vertices = len(smooth)
    identity = diags(np.ones(num_vertices, np.float32)).tocsr()
    face_of = _rows(quads, 1.0, num_vertices).T.tocsr()
    face_count = np.maximum(np.asarray(face_of.sum(axis=1)).ravel(), 1)
    face_mean = diags(1 / face_count) @ face_of @ _rows(quads, 0.25, num_vertices)
    edge_of = _rows(edges, 1.0, num_vertices).T.tocsr()
    valence = np.maximum(np.asarray(edge_of.sum(axis=1)).ravel(), 1)
    edge_mean = diags(1 / valence) @ edge_of @ _rows(edges, 0.5, num_vertices)
    inner = diags(1 / valence) @ (face_mean + 2 * edge_mean) + diags(1 - 3 / valence)
    border_of = _rows(edges[boundary], 1.0, num_vertices).T.tocsr()
    on_border = np.asarray(border_of.sum(axis=1)).ravel()
    border = 0.5 * identity + 0.25 * border_of @ _rows(edges[boundary], 0.5, num_vertices)
    is_inner = smooth & (on_border == 0) & (valence > 2)  # noqa: PLR2004 (Catmull-Clark's k)
    is_border = smooth & (on_border == 2)  # noqa: PLR2004 (a border is a line)
    is_kept = ~is_inner & ~is_border
    return (
        diags(is_inner.astype(np.float32)) @ inner
        + diags(is_border.astype(np.float32)) @ border
        + diags(is_kept.astype(np.float32)) @ identity
    ).tocsr()


def subdivide(
    quads: Int[np.ndarray, "F 4"], smooth: Bool[np.ndarray, " V"]
) -> tuple[csr_matrix, Int[np.ndarray, "G 4"]]:
    """Split each quadrilateral into four, after Catmull and Clark (1978).

    Args:
        quads: Corners of the faces.
        smooth: Vertices that move as Catmull and Clark say; the others stay where they are, and
            edges and faces between them are cut in the middle.

    Returns:
        The matrix from old to new vertices (N x V), and the new faces, four for each old one in
        its order.
    """
    num_vertices = len(smooth)
    sides = np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1).reshape(-1, 2)
    edges, inverse, counts = np.unique(
        np.sort(sides, axis=1), axis=0, return_inverse=True, return_counts=True
    )
    inverse = inverse.reshape(-1)
    boundary = counts != 2  # noqa: PLR2004 (an inner edge has two faces)
    face_points = _rows(quads, 0.25, num_vertices)
    around = coo_matrix(
        (np.full(len(inverse), 0.5, np.float32), (inverse, np.arange(len(inverse)) // 4)),
        (len(edges), len(quads)),
    ).tocsr()
    blend = (~boundary & smooth[edges].all(axis=1)).astype(np.float32)
    middle = _rows(edges, 0.5, num_vertices)
    edge_points = diags(1 - 0.5 * blend) @ middle + diags(0.5 * blend) @ around @ face_points
    vertex_points = _vertex_rule(quads, edges, boundary, smooth)
    matrix = vstack([vertex_points, edge_points, face_points]).tocsr().astype(np.float32)
    edge_id = num_vertices + inverse.reshape(-1, 4)
    face_id = num_vertices + len(edges) + np.arange(len(quads))
    children = [
        np.stack([quads[:, k], edge_id[:, k], face_id, edge_id[:, k - 1]], axis=1) for k in range(4)
    ]
    return matrix, np.stack(children, axis=1).reshape(-1, 4)


def triangulate(quads: Int[np.ndarray, "F 4"]) -> Int[np.ndarray, "T 3"]:
    """Cut each quadrilateral along one diagonal; two triangles a face, in its order."""
    return np.stack([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]], axis=1).reshape(-1, 3)


def interpolate(matrix: csr_matrix, values: Float[np.ndarray, "V C"]) -> Float[np.ndarray, "N C"]:
    """Carry values at the old vertices to the new ones."""
    return np.asarray(matrix @ values, np.float32)
