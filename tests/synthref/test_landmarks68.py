import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.spatial import cKDTree

from idfsr.config.synthref import SynthrefConfig
from idfsr.constants import MIRRORED_LANDMARKS_68, NUM_LANDMARKS_68
from idfsr.synthref.camera import Camera
from idfsr.synthref.facial_hair import brow_middle
from idfsr.synthref.identity import sample_identity
from idfsr.synthref.landmarks68 import (
    BROW_PLACES,
    HALF_PLACES,
    LANDMARKS_68_SCHEMA,
    LandmarkFinder,
    find_landmarks_68,
)
from idfsr.synthref.mesh import HeadModel
from idfsr.synthref.pose import sample_photo
from idfsr.synthref.render import express, prepare_person, render_image

CONFIG = SynthrefConfig(num_identities=4, num_images=3, image_size=64)


@pytest.fixture(scope="module")
def table(head: HeadModel) -> pd.DataFrame:
    return find_landmarks_68(head, CONFIG, 5)


def points_of(table: pd.DataFrame) -> np.ndarray:
    return np.stack(table["landmarks_68"].to_list()).reshape(-1, NUM_LANDMARKS_68, 2)


def test_every_image_has_a_row(table: pd.DataFrame) -> None:
    assert list(table.columns) == LANDMARKS_68_SCHEMA.names
    assert len(table) == 4 * 3
    assert table.duplicated(["identity", "image"]).sum() == 0
    points = points_of(table)
    assert 0.1 < points[:, 17:].min() < points[:, 17:].max() < 0.9


def test_half_a_face_and_the_mirror_are_all_landmarks() -> None:
    half = [*HALF_PLACES, *BROW_PLACES]
    assert {*half, *(MIRRORED_LANDMARKS_68[index] for index in half)} == set(range(68))
    middle = [index for index in half if MIRRORED_LANDMARKS_68[index] == index]
    assert middle == [8, 27, 28, 29, 30, 33, 51, 57, 62, 66]
    assert all(HALF_PLACES[index][0] == 0 for index in middle)


def test_places_lie_on_the_skin(head: HeadModel) -> None:
    skin = head.rest[np.unique(head.triangles[head.parts == 0])]
    distances, _ = cKDTree(skin).query([*HALF_PLACES.values()])
    assert distances.max() < 0.015  # of 0.6 between the eyes


def test_brows_are_those_of_the_person(head: HeadModel) -> None:
    brow = sample_identity("demo", 0, 3, head.target_names).brow
    at_rest = LandmarkFinder(head).weights(brow) @ head.rest
    wanted = brow_middle(brow, np.array([*BROW_PLACES.values()])) * (-1, 1)
    np.testing.assert_allclose(at_rest[17:22, :2], wanted, atol=0.03)


def test_convention_first_of_each_part_is_the_viewers_left(table: pd.DataFrame) -> None:
    x, y = points_of(table).mean(axis=0).T
    assert x[0] < x[17] < x[36] < x[39] < x[27] < x[42] < x[45] < x[26] < x[16]
    assert x[48] < x[60] < x[62] < x[64] < x[54]
    assert y[19] < y[37] < y[41] < y[30] < y[33] < y[51] < y[62] <= y[66] < y[57] < y[8]


def test_eyes_nose_and_mouth_are_where_the_five_landmarks_are(
    head: HeadModel, table: pd.DataFrame
) -> None:
    """The renderer knows the eyes by other vertices, the fronts of the eyeballs."""
    for _, row in table.iterrows():
        person = sample_identity(CONFIG.population, 5, int(row["identity"]), head.target_names)
        photo = sample_photo(CONFIG.population, 5, int(row["identity"]), int(row["image"]))
        vertices = express(head, head.base + head.displacement(person.shape), person, photo)
        five = Camera(head, vertices, photo, 64).landmarks
        points = 64 * np.reshape(row["landmarks_68"], (68, 2))
        found = [points[36:42].mean(axis=0), points[42:48].mean(axis=0), *points[[30, 48, 54]]]
        np.testing.assert_allclose(found, five, atol=1)


def test_the_mouth_is_where_its_colour_is(head: HeadModel) -> None:
    """Lips are redder than the skin around them, whatever the light."""
    config = SynthrefConfig(num_identities=6, num_images=1)
    table = find_landmarks_68(head, config, 1)
    redder = []
    for row in table.itertuples():
        number = int(row.identity)
        person = sample_identity(config.population, 1, number, head.target_names)
        photo = sample_photo(config.population, 1, number, int(row.image))
        pixels, _ = render_image(head, prepare_person(head, person), photo, 128)
        points = 128 * np.reshape(row.landmarks_68, (68, 2))
        image = np.asarray(Image.fromarray(pixels).convert("RGB"), float)
        redness = image[..., 0] / image.sum(axis=2).clip(1)

        def at(point: np.ndarray, redness: np.ndarray = redness) -> float:
            x, y = np.floor(point).astype(int)
            return float(redness[y - 1 : y + 2, x - 1 : x + 2].mean())

        lip = (points[57] + points[66]) / 2
        below = points[57] + (points[57] - points[66])
        redder.append(at(lip) > at(below))
    assert sum(redder) >= 5
