from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from idfsr.config.landmarks import LandmarksConfig
from idfsr.constants import FFHQ_LANDMARKS_512
from idfsr.errors import IdfsrError
from idfsr.faces.detector import Detector, fit_into_square
from idfsr.faces.landmarks import (
    detect_landmarks,
    estimate_yaw,
    measure_sharpness,
    select_shard,
)
from idfsr.io.digests import file_digest
from idfsr.io.schemas import LANDMARKS_SCHEMA

from .face_tree import LANDMARKS, photograph

TEMPLATE = np.array(FFHQ_LANDMARKS_512)
CONFIG = LandmarksConfig(batch_size=2)


def rows_of(root: Path, *names: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "identity": "ann",
            "image": [Path(name).stem for name in names],
            "path": names,
            "sha256": [file_digest(root / name) for name in names],
        }
    )


def test_largest_face_and_no_face(tmp_path: Path, stock_detector: Detector) -> None:
    Image.fromarray(photograph()).save(tmp_path / "face.png")
    noise = np.random.default_rng(0).integers(0, 256, (70, 90, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    Image.fromarray(photograph()[:, :300]).save(tmp_path / "part.png")
    rows = rows_of(tmp_path, "face.png", "noise.png", "part.png")
    table = detect_landmarks(rows, tmp_path, stock_detector, CONFIG, 1)
    assert table.columns.tolist() == LANDMARKS_SCHEMA.names
    assert table["image"].tolist() == ["face", "noise", "part"]
    assert table["num_faces"].tolist() == [1, 0, 1]
    found = np.array(table["landmarks"][0]).reshape(5, 2)
    assert np.abs(found - LANDMARKS).max() < 8
    assert table["score"][0] > 0.9
    assert pd.isna(table["landmarks"][1])
    assert pd.isna(table["yaw"][1])
    copy, _ = fit_into_square(photograph(), 256)
    assert table["sharpness"][0] == pytest.approx(measure_sharpness(copy))


def test_convention_coordinates_are_of_the_upright_image(
    tmp_path: Path, stock_detector: Detector
) -> None:
    image = Image.fromarray(photograph()).crop((60, 0, 460, 512))
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a turn by 90 degrees clockwise
    lying = image.transpose(Image.Transpose.ROTATE_90)
    lying.save(tmp_path / "lying.png", exif=exif)
    image.save(tmp_path / "upright.png")
    rows = rows_of(tmp_path, "lying.png", "upright.png")
    table = detect_landmarks(rows, tmp_path, stock_detector, CONFIG, 1)
    assert table["landmarks"][0] == table["landmarks"][1]
    x, y = table["landmarks"][0][:2]
    assert abs(x - (LANDMARKS[0, 0] - 60)) < 6
    assert abs(y - LANDMARKS[0, 1]) < 6


def test_missing_photograph_is_an_error(tmp_path: Path, stock_detector: Detector) -> None:
    path = tmp_path / "face.png"
    Image.fromarray(photograph()).save(path)
    rows = rows_of(tmp_path, "face.png")
    path.unlink()
    with pytest.raises(IdfsrError, match="no such file"):
        detect_landmarks(rows, tmp_path, stock_detector, CONFIG, 1)


def test_changed_photograph_is_an_error(tmp_path: Path, stock_detector: Detector) -> None:
    path = tmp_path / "face.png"
    Image.fromarray(photograph()).save(path)
    rows = rows_of(tmp_path, "face.png")
    Image.fromarray(photograph()[::-1]).save(path)
    with pytest.raises(IdfsrError, match=r"face\.png: found sha256 .* changed since the index"):
        detect_landmarks(rows, tmp_path, stock_detector, CONFIG, 1)


def test_convention_yaw_is_positive_to_the_right_of_the_image() -> None:
    centred = TEMPLATE.copy()
    centred[2, 0] = TEMPLATE[[0, 1, 3, 4], 0].mean()
    right = centred.copy()
    right[2, 0] += 25
    assert abs(estimate_yaw(centred)) < 1
    assert 15 < estimate_yaw(right) < 30
    mirrored = ([512, 0] + right * [-1, 1])[[1, 0, 2, 4, 3]]
    assert estimate_yaw(mirrored) == pytest.approx(-estimate_yaw(right), abs=0.5)


@pytest.mark.parametrize("degrees", [-60, -30, 0, 20, 45])
@pytest.mark.parametrize("roll", [-20, 0, 35])
def test_yaw_of_a_model_head(degrees: float, roll: float) -> None:
    # Eyes 2 apart, mouth 1.2 wide and 2 below, the tip of the nose 2 / 1.6 before their plane.
    head = np.array([(-1.0, 0, 0), (1, 0, 0), (0, 1.2, 1.25), (-0.6, 2, 0), (0.6, 2, 0)])
    yaw, turn = np.deg2rad(degrees), np.deg2rad(roll)
    x = head[:, 0] * np.cos(yaw) + head[:, 2] * np.sin(yaw)
    points = np.column_stack((x, head[:, 1]))
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    assert estimate_yaw(points @ rotation.T * 40 + 200) == pytest.approx(degrees, abs=1e-6)


def test_sharpness_by_hand() -> None:
    image = np.zeros((5, 5, 3), np.uint8)
    assert measure_sharpness(image) == 0
    image[2, 2] = 100
    # Laplacian: -400 in the middle, 100 at its four neighbours, 0 at the other 20
    assert measure_sharpness(image) == pytest.approx((400**2 + 4 * 100**2) / 25)


def test_shards_are_lots_of_readable_rows() -> None:
    manifest = pd.DataFrame(
        {"image": list("abcdef"), "status": ["ok", "truncated", "ok", "ok", "ok", "ok"]}
    )
    assert select_shard(manifest, 2, 0)["image"].tolist() == ["a", "c"]
    assert select_shard(manifest, 2, 2)["image"].tolist() == ["f"]
    with pytest.raises(IdfsrError, match="shard 3 of the manifest, wanted 0 to 2"):
        select_shard(manifest, 2, 3)
