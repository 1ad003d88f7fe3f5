"""The 68 landmarks of rendered faces, known from the mesh: iBUG 300-W's order.

They need no pixels: who is in an image and how the camera stands follows from its numbers, so they
can be computed for images that were rendered long ago. Convention: (x, y) as shares of the image's
side, (0, 0) at its corner.
"""

from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.sparse import csr_matrix
from scipy.spatial import cKDTree
from tqdm import tqdm

from idfsr.config.synthref import SynthrefConfig
from idfsr.constants import MIRRORED_LANDMARKS_68, NUM_LANDMARKS_68
from idfsr.synthref.camera import Camera
from idfsr.synthref.dataset import list_identities, list_images
from idfsr.synthref.facial_hair import brow_middle
from idfsr.synthref.identity import Brow, sample_identity
from idfsr.synthref.mesh import MOUTH_CORNER, HeadModel
from idfsr.synthref.pose import sample_photo
from idfsr.synthref.render import express

LANDMARKS_68_SCHEMA = pa.schema(
    {
        "identity": pa.string(),
        "image": pa.string(),
        "landmarks_68": pa.list_(pa.float32(), 2 * NUM_LANDMARKS_68),
    }
)
"""One row for each image."""

HALF_PLACES: Final = {
    # jaw, from the ear to the chin, on the skin where it turns away from the viewer
    0: (-0.713, 7.292, 0.689), 1: (-0.706, 7.096, 0.700), 2: (-0.679, 6.899, 0.731),
    3: (-0.621, 6.713, 0.740), 4: (-0.554, 6.579, 0.969), 5: (-0.456, 6.448, 1.100),
    6: (-0.352, 6.334, 1.195), 7: (-0.185, 6.205, 1.32), 8: (0.0, 6.172, 1.39),
    # bridge and tip of the nose; from its wing along its base
    27: (0.0, 7.292, 1.508), 28: (0.0, 7.172, 1.55), 29: (0.0, 7.055, 1.615),
    30: (0.0, 6.938, 1.68),
    31: (-0.151, 6.856, 1.523), 32: (-0.082, 6.838, 1.535), 33: (0.0, 6.805, 1.573),
    # rims of the lids, from the outer corner over the upper to the lower one
    36: (-0.437, 7.287, 1.335), 37: (-0.375, 7.325, 1.376), 38: (-0.277, 7.323, 1.388),
    39: (-0.199, 7.275, 1.385), 40: (-0.277, 7.244, 1.388), 41: (-0.375, 7.250, 1.376),
    # border of the lips
    48: (-MOUTH_CORNER[0], *MOUTH_CORNER[1:]),
    49: (-0.178, 6.687, 1.530), 50: (-0.080, 6.718, 1.580),
    51: (0.0, 6.696, 1.597), 57: (0.0, 6.489, 1.556), 58: (-0.095, 6.505, 1.530),
    59: (-0.187, 6.540, 1.470),
    # where the lips meet
    60: (-0.246, 6.609, 1.417), 61: (-0.101, 6.613, 1.545), 62: (0.0, 6.608, 1.553),
    66: (0.0, 6.601, 1.540), 67: (-0.111, 6.604, 1.517),
}  # fmt: skip
"""Rest positions of landmarks of the viewer's left half and of the middle."""

BROW_PLACES: Final = {17: 0.97, 18: 0.74, 19: 0.5, 20: 0.26, 21: 0.03}
"""Landmarks along the viewer's left brow as shares of its length; everybody's lies elsewhere."""

BROW_NEIGHBOURS: Final = 4
"""Vertices between which a landmark of a brow is interpolated."""

FRONT: Final = 0.5
"""Least z of skin on which landmarks may lie, in rest coordinates."""


class LandmarkFinder:
    """Finds the landmarks on the skin of a head.

    Args:
        head: The mesh.
    """

    def __init__(self, head: HeadModel) -> None:
        skin = np.unique(head.triangles[head.parts == 0])
        self._skin = skin[head.rest[skin, 2] > FRONT]
        places = np.full((NUM_LANDMARKS_68, 3), np.nan)
        for landmark, place in HALF_PLACES.items():
            places[landmark] = place
            places[MIRRORED_LANDMARKS_68[landmark]] = np.array(place) * (-1, 1, 1)
        self._fixed = np.flatnonzero(np.isfinite(places[:, 0]))
        _, nearest = cKDTree(head.rest[self._skin]).query(places[self._fixed])
        self._vertices = self._skin[nearest]
        forehead = self._skin[head.rest[self._skin, 2] > 1]
        self._forehead, self._tree = forehead, cKDTree(head.rest[forehead, :2])
        self._num_vertices = len(head.rest)

    def weights(self, brow: Brow) -> csr_matrix:
        """Return the matrix that takes a person's vertices to the landmarks, 68 x N."""
        rows, columns, values = [self._fixed], [self._vertices], [np.ones(len(self._fixed))]
        middle = brow_middle(brow, np.array([*BROW_PLACES.values()]))
        mirrored = [MIRRORED_LANDMARKS_68[landmark] for landmark in BROW_PLACES]
        for side, landmarks in ((-1, [*BROW_PLACES]), (1, mirrored)):
            distances, found = self._tree.query(middle * (side, 1), BROW_NEIGHBOURS)
            near = 1 / (distances + 1e-6)
            rows.append(np.repeat(landmarks, BROW_NEIGHBOURS))
            columns.append(self._forehead[found].ravel())
            values.append((near / near.sum(axis=1, keepdims=True)).ravel())
        entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
        return csr_matrix(entries, shape=(NUM_LANDMARKS_68, self._num_vertices))


def find_landmarks_68(head: HeadModel, config: SynthrefConfig, seed: int) -> pd.DataFrame:
    """Compute the 68 landmarks of all images of a population, hidden ones too.

    Args:
        head: The mesh.
        config: Of the images.
        seed: Of the run.

    Returns:
        The columns of `LANDMARKS_68_SCHEMA`.
    """
    finder = LandmarkFinder(head)
    rows = []
    for identity in tqdm(list_identities(config, seed), unit="identity"):
        population, number = config.population, int(identity)
        person = sample_identity(population, seed, number, head.target_names)
        coarse, weights = head.base + head.displacement(person.shape), finder.weights(person.brow)
        for image in list_images(config, seed, identity):
            photo = sample_photo(population, seed, number, int(image))
            vertices = express(head, coarse, person, photo)
            camera = Camera(head, vertices, photo, size=1)
            points = camera.to_screen(camera.to_camera(weights @ vertices))[:, :2]
            rows.append((identity, image, points.ravel()))
    return pd.DataFrame(rows, columns=LANDMARKS_68_SCHEMA.names)
