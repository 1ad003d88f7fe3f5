import json
from pathlib import Path

import numpy as np
import pytest

from idfsr.faces.landmarks68 import (
    boxes_are_inside,
    choose_reference,
    component_boxes,
    landmark_mask,
    reference_distance,
)

GOLDEN = Path(__file__).parents[1] / "golden"
ASFFNET = json.loads((GOLDEN / "asffnet.json").read_text())
DMDNET = json.loads((GOLDEN / "dmdnet.json").read_text())
LANDMARKS = np.array(ASFFNET["lq_landmarks"])


def test_distances_are_those_of_the_published_program() -> None:
    for candidate in ASFFNET["candidates"]:
        distance = reference_distance(LANDMARKS, np.array(candidate["landmarks"]))
        assert distance == pytest.approx(candidate["distance"], rel=1e-9)


def test_distance_forgives_affine_maps() -> None:
    moved = LANDMARKS @ [[0.8, 0.1], [-0.2, 1.1]] + 7
    assert reference_distance(LANDMARKS, moved) == pytest.approx(0, abs=1e-9)


def test_distance_weighs_the_mouth_more_than_the_eyes() -> None:
    eyes, mouth = LANDMARKS.copy(), LANDMARKS.copy()
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(20, 2))
    eyes[27:36] += 100  # the nose says nothing
    mouth[48:68] += noise
    assert reference_distance(LANDMARKS, eyes) == pytest.approx(0, abs=1e-9)
    design = np.column_stack([mouth[48:68], np.ones(20)])
    residual = LANDMARKS[48:68] - design @ np.linalg.pinv(design) @ LANDMARKS[48:68]
    assert reference_distance(LANDMARKS, mouth) == pytest.approx(1.49 * np.linalg.norm(residual))


def test_reference_is_the_one_at_the_least_distance_with_landmarks() -> None:
    candidates = np.array([candidate["landmarks"] for candidate in ASFFNET["candidates"]])
    distances = np.array([candidate["distance"] for candidate in ASFFNET["candidates"]])
    best = int(distances.argmin())
    assert choose_reference(LANDMARKS, candidates) == best
    candidates[best], distances[best] = np.nan, np.inf
    assert choose_reference(LANDMARKS, candidates) == int(distances.argmin())


def test_mask_is_that_of_the_published_program() -> None:
    mask = landmark_mask(LANDMARKS, 512)
    assert mask.sum(axis=1).tolist() == ASFFNET["mask"]["rows"]


def test_mask_near_the_border_is_that_of_the_published_program() -> None:
    landmarks = LANDMARKS.copy()
    for index, point in ASFFNET["mask_edges"]["points"].items():
        landmarks[int(index)] = point
    assert landmark_mask(landmarks, 512).sum(axis=0).tolist() == ASFFNET["mask_edges"]["columns"]


def test_convention_mask_is_row_then_column_and_three_before_to_three_after() -> None:
    landmarks = np.full((68, 2), -10.0)
    landmarks[0] = [300, 300]  # of the jaw
    landmarks[20] = [100.5, 200]
    rows, columns = np.nonzero(landmark_mask(landmarks, 512))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (197, 202, 97, 103)


@pytest.mark.parametrize("example", DMDNET["boxes"])
def test_boxes_are_those_of_the_published_program(example: dict[str, list[list[float]]]) -> None:
    landmarks = np.array(example["landmarks"])
    before = landmarks.copy()
    assert component_boxes(landmarks, 512).tolist() == example["boxes"]
    np.testing.assert_array_equal(landmarks, before)


def test_boxes_outside_or_without_pixels_are_noticed() -> None:
    boxes = component_boxes(LANDMARKS, 512)
    assert boxes_are_inside(boxes, 512, 8)
    for index, value in (((0, 0), -1), ((2, 3), 513), ((1, 2), int(boxes[1, 0]) + 1)):
        changed = boxes.copy()
        changed[index] = value
        assert not boxes_are_inside(changed, 512, 8)


def test_smaller_faces_have_smaller_squares_and_boxes() -> None:
    boxes = component_boxes(LANDMARKS, 512)
    assert component_boxes(LANDMARKS / 8, 64).tolist() == (boxes // 8).tolist()
    landmarks = np.full((68, 2), -10.0)
    landmarks[20] = [10.5, 20]
    rows, columns = np.nonzero(landmark_mask(landmarks, 64))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (19, 20, 9, 11)
