import numpy as np
import pytest

from idfsr.metrics.engine.recogniser import compare_faces, likeness_columns, nearest_likeness

FACES = np.array([[1, 0], [0.6, 0.8], [0, 1]], np.float32)


def test_the_nearest_reference_counts_by_hand() -> None:
    references = np.empty(3, dtype=object)
    references[:] = [
        np.array([0, 1, 0.8, 0.6], np.float32),  # two references: cosines 0 and 0.8
        np.array([1, 0], np.float32),
        np.empty(0, np.float32),
    ]
    np.testing.assert_allclose(nearest_likeness(FACES, references), [0.8, 0.6, np.nan])


def test_columns_of_a_distance() -> None:
    sr, gt = {"embedding": FACES}, {"embedding": FACES[[0, 0, 0]], "references": FACES[[0, 1, 2]]}
    columns = compare_faces("ids_x", sr, gt)
    assert likeness_columns("ids_x") == ("like_reference_x", "like_photographs_x")
    np.testing.assert_allclose(columns["ids_x"], [0, 0.4, 1], atol=1e-7)
    np.testing.assert_allclose(columns["like_reference_x"], [1, 1, 1], atol=1e-7)
    np.testing.assert_allclose(columns["like_photographs_x"], [1, 0.6, 0], atol=1e-7)


def test_without_references_the_likenesses_are_unknown() -> None:
    columns = compare_faces("ids_x", {"embedding": FACES}, {"embedding": FACES})
    assert columns["ids_x"] == pytest.approx(np.zeros(3), abs=1e-6)
    assert np.isnan(columns["like_reference_x"]).all()
    assert np.isnan(columns["like_photographs_x"]).all()
