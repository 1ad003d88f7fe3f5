"""The embedded default's detector finds the embedded default's people."""

from pathlib import Path

import numpy as np
import pytest

from idfsr.config import LandmarksConfig, SynthrefConfig
from idfsr.data.index import build_manifest
from idfsr.data.synthref.dataset import render_dataset
from idfsr.data.tables import read_table
from idfsr.faces.detector import Detector
from idfsr.faces.landmarks import detect_landmarks


@pytest.mark.slow
def test_finds_rendered_people_where_the_mesh_is(
    tmp_path: Path, assets_dir: Path, stock_detector: Detector
) -> None:
    config = SynthrefConfig(population="demo", num_identities=10, num_images=3)
    render_dataset(config, 0, assets_dir, tmp_path, 1)
    root = tmp_path / "CelebHQRefForRelease"
    rows = build_manifest(root, 1)
    found = detect_landmarks(rows, root, stock_detector, LandmarksConfig(), 1)
    assert len(found) == 30
    assert (found["num_faces"] == 1).all()
    assert (found["score"] > 0.8).all()

    truth = read_table(tmp_path / "ground_truth.parquet")
    joined = found.merge(truth, on=["identity", "image"], suffixes=("", "_mesh"))
    points, mesh = (
        np.stack(joined[name].tolist()).reshape(-1, 5, 2)
        for name in ("landmarks", "landmarks_mesh")
    )
    eyes = np.linalg.norm(mesh[:, 0] - mesh[:, 1], axis=1)
    errors = np.linalg.norm(points - mesh, axis=2).mean(axis=1) / eyes
    assert errors.mean() < 0.11
    assert np.corrcoef(joined["yaw"], joined["yaw_mesh"])[0, 1] > 0.9
    assert np.abs(joined["yaw"] - joined["yaw_mesh"]).mean() < 5
