"""The embedded default's detectors find the embedded default's people."""

from pathlib import Path

import numpy as np
import pytest

from idfsr.config.landmarks import LandmarksConfig
from idfsr.config.synthref import SynthrefConfig
from idfsr.dataset.index import build_manifest
from idfsr.faces.detector import Detector
from idfsr.faces.embedded_landmarks import EmbeddedLandmarks
from idfsr.faces.landmarks import detect_landmarks
from idfsr.io.degradation import degrade, upsample
from idfsr.io.images import read_image, resize
from idfsr.io.tables import read_table
from idfsr.models.landmarks68 import Landmarks68Config, Landmarks68Net
from idfsr.models.published import load_network
from idfsr.synthref.dataset import IMAGES_FOLDER, render_dataset
from idfsr.synthref.landmarks68 import find_landmarks_68
from idfsr.synthref.mesh import load_head


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


@pytest.mark.slow
@pytest.mark.parametrize(("scale_factor", "bound"), [(1, 0.085), (8, 0.12), (16, 0.16)])
def test_68_landmarks_of_people_it_never_saw_are_where_the_mesh_is(
    tmp_path: Path, assets_dir: Path, scale_factor: int, bound: float
) -> None:
    config = SynthrefConfig(population="demo", num_identities=8, num_images=3)
    render_dataset(config, 0, assets_dir, tmp_path, 1)
    truth = find_landmarks_68(load_head(assets_dir), config, 0)
    mesh = np.stack(truth["landmarks_68"].to_list()).reshape(-1, 68, 2)
    images = [
        resize(
            read_image(tmp_path / IMAGES_FOLDER / identity / f"{image}.png"), (64, 64), "lanczos"
        )
        for identity, image in zip(truth["identity"], truth["image"], strict=True)
    ]
    seen = np.stack([upsample(degrade(image, scale_factor), 64) for image in images])
    path = Path("idfsr/weights/landmarks68.safetensors")
    network = load_network(Landmarks68Net, Landmarks68Config(), path, "68 landmarks")
    found = EmbeddedLandmarks(network).detect(seen) / 64
    eyes = np.linalg.norm(mesh[:, 36:42].mean(axis=1) - mesh[:, 42:48].mean(axis=1), axis=1)
    errors = np.linalg.norm(found - mesh, axis=2).mean(axis=1) / eyes
    assert errors.mean() < bound
