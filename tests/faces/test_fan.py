from pathlib import Path

import numpy as np
import pytest
import torch

from idfsr.errors import IdfsrError
from idfsr.faces.fan import FaceAlignment, largest_face

CPU = torch.device("cpu")


def test_largest_face_is_the_highest_from_chin_to_brow() -> None:
    faces = [np.full((68, 2), float(index)) for index in range(3)]
    for points, chin in zip(faces, (40.0, 90.0, 60.0), strict=True):
        points[8, 1] += chin
    assert largest_face(faces) is faces[1]


def test_no_face_is_nan() -> None:
    assert np.isnan(largest_face([])).all()


def test_missing_weights_are_named_and_never_downloaded(tmp_path: Path) -> None:
    with pytest.raises(IdfsrError, match=r"fan\.pth: no such file, wanted weights of face-align"):
        FaceAlignment(tmp_path / "fan.pth", tmp_path / "s3fd.pth", CPU)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Weights of the package's own networks, as they are initialised."""
    from face_alignment import models  # noqa: PLC0415 - heavy
    from face_alignment.detection.sfd.net_s3fd import s3fd  # noqa: PLC0415 - likewise

    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    paths = folder / "2DFAN4-11f355bf06.pth.tar", folder / "s3fd-619a316812.pth"
    for path, network in zip(paths, (models.FAN(4), s3fd()), strict=True):
        torch.save(network.state_dict(), path)
    return paths


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the package's own
def test_package_reads_the_files_and_finds_points_of_each_image(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = torch.hub.get_dir()
    detector = FaceAlignment(*files, CPU)
    assert torch.hub.get_dir() == before
    boxes = iter([[[10.0, 12.0, 50.0, 60.0, 0.9]], []])
    monkeypatch.setattr(
        detector._package.face_detector, "detect_from_image", lambda _image: next(boxes)
    )
    landmarks = detector.detect(np.zeros((2, 64, 64, 3), np.uint8))
    assert landmarks.shape == (2, 68, 2)
    assert np.isfinite(landmarks[0]).all()
    assert np.isnan(landmarks[1]).all()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_weights_of_another_network_are_refused(files: tuple[Path, Path]) -> None:
    fan, s3fd = files
    torch.save({"a": torch.zeros(1)}, fan)
    with pytest.raises(IdfsrError, match=r"2DFAN4.*: not weights of face-alignment: Error"):
        FaceAlignment(fan, s3fd, CPU)
