"""The camera: turns the head, projects it and aligns the picture as FFHQ."""

import numpy as np
from jaxtyping import Float

from idfsr.synthref.mesh import HeadModel
from idfsr.synthref.pose import Photo, align, rotation

PIVOT = (0.0, 0.25, 0.5)
"""How far below and behind the middle of the eyes the head turns."""


class Camera:
    """Turns points of a head into the camera's axes and onto the screen.

    Convention: the camera's axes are x to the right, y up, z to the viewer, in units of the mesh;
    the screen's are (x, y, depth) in pixels, (0, 0) at the corner of the image, y down.
    """

    def __init__(
        self, head: HeadModel, vertices: Float[np.ndarray, "N 3"], photo: Photo, size: int
    ) -> None:
        """Place the camera so that the landmarks come to their places of FFHQ.

        Args:
            head: The mesh.
            vertices: The head with its expression.
            photo: Pose and jitter.
            size: Side of the image in pixels.
        """
        landmarks = vertices[head.landmarks].mean(axis=1)
        self.centre = vertices[head.landmarks[:2]].mean(axis=(0, 1)) - np.array(PIVOT)
        self.turn = rotation(photo)
        self.distance = photo.distance
        self.matrix = align(self._project(self.to_camera(landmarks)), photo, size)
        self.scale = float(np.linalg.norm(self.matrix[:, 0]))
        self.landmarks = self.to_screen(self.to_camera(landmarks))[:, :2]

    def to_camera(self, points: Float[np.ndarray, "*N 3"]) -> Float[np.ndarray, "*N 3"]:
        """Return points of the head in the camera's axes."""
        return np.asarray((points - self.centre) @ self.turn.T, np.float32)

    def _project(self, points: np.ndarray) -> np.ndarray:
        factor = self.distance / (self.distance - points[..., 2:3])
        return np.asarray(points[..., :2] * factor * np.array([1, -1]))

    def to_screen(self, points: Float[np.ndarray, "*N 3"]) -> Float[np.ndarray, "*N 3"]:
        """Return points in the camera's axes on the screen."""
        flat = self._project(points) @ self.matrix[:, :2].T + self.matrix[:, 2]
        depth = self.scale * points[..., 2:3]
        return np.concatenate([flat, depth], axis=-1).astype(np.float32)

    def pixels_per_unit(self, points: Float[np.ndarray, "*N 3"]) -> Float[np.ndarray, "*N"]:
        """Return the size of a unit of the mesh at points in the camera's axes."""
        return np.asarray(self.scale * self.distance / (self.distance - points[..., 2]), np.float32)
