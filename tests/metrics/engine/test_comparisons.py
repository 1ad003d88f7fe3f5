from pathlib import Path

import numpy as np
import pytest
import torch

from idfsr.metrics.engine.comparisons import (
    COMPARISONS,
    Resources,
    _engine,
    _rows,
    load_pyiqa_comparison,
)
from idfsr.metrics.engine.deepface import FOLDER, KINDS
from idfsr.metrics.engine.features import make_batch
from idfsr.metrics.musiq import network as musiq

CPU = torch.device("cpu")


def test_the_digest_changes_with_all_that_the_answers_depend_on() -> None:
    digests = {
        _engine("weights", "idfsr.metrics.inception.kid", CPU),
        _engine("others", "idfsr.metrics.inception.kid", CPU),
        _engine("weights", "idfsr.metrics.sface.distance", CPU),
        _engine("weights", "idfsr.metrics.inception.kid", torch.device("cuda")),
        _engine("weights", "idfsr.metrics.inception.kid", CPU, "pyiqa"),
    }
    assert len(digests) == 5
    assert _engine("weights", "idfsr.metrics.inception.kid", CPU) in digests


def test_rows_of_arrays() -> None:
    rows = _rows(age=torch.tensor([30.0, 41.0]), embedding=torch.eye(2))
    assert [row["age"] for row in rows] == [30, 41]
    np.testing.assert_array_equal(rows[1]["embedding"], [0, 1])


def test_a_network_of_pyiqa_from_its_file_to_the_column(tmp_path: Path) -> None:
    path = tmp_path / musiq.WEIGHTS
    path.parent.mkdir(parents=True)
    path.write_bytes(b"weights")
    resources = Resources(tmp_path, tmp_path, tmp_path, 0.637, False, CPU)
    comparison = load_pyiqa_comparison(
        musiq, lambda *_: 2.0, lambda factor, images: factor * images.mean(dim=(1, 2, 3)), resources
    )
    images = np.stack([np.full((8, 8, 3), value, np.uint8) for value in (51, 102)])
    batch = make_batch(images, np.zeros((2, 112, 112, 3), np.uint8))
    scores = np.array([one["score"] for one in comparison.extractor.extract(batch)])
    assert comparison.compare({"score": scores}, {})["musiq"].tolist() == pytest.approx([0.4, 0.8])
    assert not comparison.of_truth
    assert "pyiqa" in comparison.extractor.digest


@pytest.mark.parametrize("enforce_detection", [False, True])
def test_a_network_of_deepface_from_its_file_to_the_columns(
    enforce_detection: bool,  # noqa: FBT001 - a parameter of the test
    tmp_path: Path,
) -> None:
    path = tmp_path / FOLDER / KINDS["deepface_emotion"].file
    path.parent.mkdir(parents=True)
    torch.manual_seed(0)
    torch.save(KINDS["deepface_emotion"].build().state_dict(), path)
    resources = Resources(tmp_path, tmp_path, tmp_path, 0.637, enforce_detection, CPU)
    comparison = COMPARISONS["deepface_emotion"](resources)
    images = np.stack([np.full((64, 64, 3), value, np.uint8) for value in (40, 200)])
    batch = make_batch(images, np.zeros((2, 112, 112, 3), np.uint8))
    features = comparison.extractor.extract(batch)
    stacked = {
        "num_faces": np.array([one["num_faces"] for one in features]),
        "probabilities": np.stack([one["probabilities"] for one in features]),
    }
    np.testing.assert_allclose(stacked["probabilities"].sum(axis=1), 1, rtol=1e-6)
    columns = comparison.compare(stacked, stacked)
    assert set(columns) == {
        "acc_emotion", "gt_emotion", "sr_emotion", "gt_num_faces", "sr_num_faces", "face_note",
    }  # fmt: skip
    assert np.isnan(columns["acc_emotion"]).tolist() == [enforce_detection] * 2
    assert "no face in the ground truth" in columns["face_note"][0]
