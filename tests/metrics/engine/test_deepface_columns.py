import numpy as np
import pytest

from idfsr.metrics.engine.deepface_columns import (
    compare_ages,
    compare_classes,
    expected_age,
    note_faces,
    smallest_distance,
    verify,
)
from idfsr.metrics.engine.features import Features


def embeddings(*rows: list[tuple[int, float]]) -> np.ndarray:
    """An image a row, in which each face points along two axes."""
    faces = np.zeros((len(rows), 4096), np.float32)
    for face, entries in zip(faces, rows, strict=True):
        for axis, value in entries:
            face[axis] = value
    return faces.ravel()


def images(*faces: np.ndarray, num_faces: list[int] | None = None) -> Features:
    ragged = np.empty(len(faces), dtype=object)
    ragged[:] = faces
    counts = num_faces or [len(one) // 4096 for one in faces]
    return {"embeddings": ragged, "num_faces": np.array(counts)}


def test_of_several_faces_the_nearest_two_count() -> None:
    a = np.array([[1.0, 0], [0, 2]])
    b = np.array([[3.0, 4], [-1, 0]])
    assert smallest_distance(a, b) == pytest.approx(0.2)  # (0, 2) and (3, 4)
    assert smallest_distance(a[:1], b) == pytest.approx(0.4)


def test_verify_by_hand() -> None:
    one, two = embeddings([(0, 5.0)]), embeddings([(0, 3.0), (1, 4.0)])
    other = embeddings([(1, 1.0)])
    found = verify(images(one, one, one), images(one, two, other))
    np.testing.assert_allclose(found["ids"], [0, 0.4, 1], atol=1e-12)
    assert found["idv"].tolist() == [1, 1, 0]


def test_classes_by_hand() -> None:
    gt = {"probabilities": np.array([[0.9, 0.1], [0.2, 0.8]])}
    sr = {"probabilities": np.array([[0.4, 0.6], [0.3, 0.7]])}
    found = compare_classes("deepface_gender", sr, gt)
    assert found["acc_gender"].tolist() == [0, 1]
    assert found["gt_gender"].tolist() == ["Woman", "Man"]
    assert found["sr_gender"].tolist() == ["Man", "Man"]


def test_ages_are_compared_in_whole_years() -> None:
    probabilities = np.zeros((2, 101), np.float32)
    probabilities[0, [30, 31]] = 0.25, 0.75  # 30.75 years
    probabilities[1, [31, 34]] = 0.5, 0.5  # 32.5
    np.testing.assert_allclose(expected_age(probabilities), [30.75, 32.5])
    found = compare_ages({"probabilities": probabilities[:1]}, {"probabilities": probabilities[1:]})
    assert found["age_diff"].tolist() == [2]
    assert (found["sr_age"][0], found["gt_age"][0]) == (30.75, 32.5)


@pytest.mark.parametrize("enforce_detection", [False, True])
def test_what_happens_where_no_face_is_found(enforce_detection: bool) -> None:  # noqa: FBT001
    one = embeddings([(0, 1.0)])
    sr = images(one, one, one, num_faces=[1, 0, 0])
    gt = images(one, one, one, num_faces=[2, 1, 0])
    found = note_faces(verify, sr, gt, enforce_detection=enforce_detection)
    assert np.isnan(found["ids"]).tolist() == [False, enforce_detection, enforce_detection]
    assert np.isnan(found["idv"]).tolist() == [False, enforce_detection, enforce_detection]
    assert found["gt_num_faces"].tolist() == [2, 1, 0]
    outcome = "left out" if enforce_detection else "taken whole"
    assert found["face_note"].tolist() == [
        "",
        f"no face in the restored image: {outcome}",
        f"no face in the ground truth: {outcome}; no face in the restored image: {outcome}",
    ]
