from pathlib import Path

import numpy as np
import pytest
import torch

from idfsr.config.scores import DeepfaceStage
from idfsr.metrics.engine.deepface import FOLDER, KINDS
from idfsr.metrics.engine.metric import ImageBatch, OfImages, Resources
from idfsr.metrics.engine.registry import find_family

CPU = torch.device("cpu")


@pytest.mark.parametrize("enforce_detection", [False, True])
def test_a_network_of_deepface_from_its_file_to_the_columns(
    enforce_detection: bool,  # noqa: FBT001 - a parameter of the test
    tmp_path: Path,
) -> None:
    path = tmp_path / FOLDER / KINDS["deepface_emotion"].file
    path.parent.mkdir(parents=True)
    torch.manual_seed(0)
    torch.save(KINDS["deepface_emotion"].build().state_dict(), path)
    family = find_family("deepface_emotion")
    settings = DeepfaceStage(engine="fast", enforce_detection=enforce_detection)
    scorer = family.load(Resources(tmp_path, tmp_path, tmp_path, CPU, settings))
    assert isinstance(scorer, OfImages)
    images = np.stack([np.full((64, 64, 3), value, np.uint8) for value in (40, 200)])
    found = scorer.extract(ImageBatch(images, np.zeros((2, 112, 112, 3), np.uint8)))
    np.testing.assert_allclose(found["probabilities"].sum(axis=1), 1, rtol=1e-6)
    columns = scorer.compare(found, found)
    assert set(columns) == {column for one in family.metrics for column in one.columns}
    assert np.isnan(columns["acc_emotion"]).tolist() == [enforce_detection] * 2
    assert "no face in the ground truth" in columns["face_note"][0]
