import logging
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from idfsr.config.landmarks import LandmarksConfig
from idfsr.errors import IdfsrError
from idfsr.faces.detector import Detector, load_detector
from idfsr.metrics.engine.folders import FilePair, find_faces, pair_files, read_batches


@pytest.fixture(scope="module")
def detector(assets_dir: Path) -> Detector:
    return load_detector(LandmarksConfig(), assets_dir, torch.device("cpu"))


@pytest.fixture(scope="module")
def head() -> np.ndarray:
    """The head of scikit-image's astronaut, 128 x 128."""
    crop = Image.fromarray(skimage.data.astronaut()[0:256, 96:352])
    return np.array(crop.resize((128, 128), Image.Resampling.LANCZOS))


def save(folder: Path, *names: str, image: np.ndarray | None = None) -> None:
    pixels = np.full((32, 32, 3), 90, np.uint8) if image is None else image
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / name)


def test_pairs_by_name_whatever_the_extension(tmp_path: Path) -> None:
    save(tmp_path / "gt", "b/1.png", "a/0.png", "c.jpg")
    save(tmp_path / "sr", "a/0.jpg", "b/1.PNG", "c.png")
    (tmp_path / "sr" / "notes.txt").write_text("")
    pairs = pair_files(tmp_path / "gt", tmp_path / "sr")
    assert [(pair.name, pair.identity) for pair in pairs] == [
        ("a/0", "a"), ("b/1", "b"), ("c", "c"),
    ]  # fmt: skip
    assert pairs[0] == FilePair("a/0", tmp_path / "gt/a/0.png", tmp_path / "sr/a/0.jpg")


def test_what_cannot_be_paired_is_named(tmp_path: Path) -> None:
    with pytest.raises(IdfsrError, match="gt: no such folder"):
        pair_files(tmp_path / "gt", tmp_path / "sr")
    (tmp_path / "gt").mkdir()
    with pytest.raises(IdfsrError, match="gt: found no image, wanted files"):
        pair_files(tmp_path / "gt", tmp_path / "sr")
    save(tmp_path / "gt", *(f"{number}.png" for number in range(5)))
    save(tmp_path / "sr", "0.png")
    with pytest.raises(IdfsrError, match=r"gt/1\.png, .*gt/3\.png and 1 more: no image of that"):
        pair_files(tmp_path / "gt", tmp_path / "sr")
    save(tmp_path / "sr", *(f"{number}.png" for number in range(6)))
    with pytest.raises(IdfsrError, match=r"sr/5\.png: no image of that name in .*gt, wanted one"):
        pair_files(tmp_path / "gt", tmp_path / "sr")
    save(tmp_path / "gt", "0.jpg")
    with pytest.raises(IdfsrError, match=r"0\.png: 0\.jpg is there too"):
        pair_files(tmp_path / "gt", tmp_path / "sr")


def test_a_face_is_found_and_where_there_is_none_the_likeliest_place(
    detector: Detector, head: np.ndarray
) -> None:
    blank = np.full_like(head, 90)
    landmarks, num_without = find_faces([head, blank], detector, 256)
    assert num_without == 1
    left_eye, right_eye, nose, *_ = landmarks[0]
    assert left_eye[0] < nose[0] < right_eye[0]
    assert 20 < left_eye[1] < nose[1] < 108
    assert landmarks[1].shape == (5, 2)


def test_grey_and_coloured_files_are_read_in_batches_and_missing_faces_counted(
    tmp_path: Path, detector: Detector, head: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    save(tmp_path / "gt", "0.png", "1.png", image=head)
    save(tmp_path / "gt", "2.png", image=np.full((128, 128), 90, np.uint8))
    save(tmp_path / "sr", "0.png", "1.png", "2.png", image=head[..., 0])
    pairs = pair_files(tmp_path / "gt", tmp_path / "sr")
    with caplog.at_level(logging.WARNING):
        batches = list(read_batches(pairs, detector, 256, 2))
    assert [len(batch.gt.image) for batch in batches] == [2, 1]
    np.testing.assert_array_equal(batches[0].gt.image[0], head)
    np.testing.assert_array_equal(batches[1].sr.image[0], np.stack([head[..., 0]] * 3, axis=-1))
    assert batches[0].sr.crop.shape == (2, 112, 112, 3)
    assert "no face found in 1 of 3 ground truths" in caplog.text
    assert "4 images are grey" in caplog.text


def test_where_nobody_looks_at_faces_none_is_searched(tmp_path: Path, head: np.ndarray) -> None:
    save(tmp_path / "gt", "0.png", image=head)
    save(tmp_path / "sr", "0.png", image=head[:, ::-1])
    pairs = pair_files(tmp_path / "gt", tmp_path / "sr")
    (batch,) = read_batches(pairs, None, 256, 2)
    np.testing.assert_array_equal(batch.sr.image[0], head[:, ::-1])
    assert batch.gt.crop.shape == (1, 112, 112, 3)


def test_another_size_or_a_broken_file_is_one_clear_line(
    tmp_path: Path, detector: Detector
) -> None:
    save(tmp_path / "gt", "0.png")
    save(tmp_path / "sr", "0.png", image=np.zeros((16, 32, 3), np.uint8))
    pairs = pair_files(tmp_path / "gt", tmp_path / "sr")
    with pytest.raises(
        IdfsrError, match="0: found a restored image of 32 x 16 px, wanted 32 x 32 px"
    ):
        list(read_batches(pairs, detector, 256, 2))
    pairs[0].sr_path.write_bytes(b"no image")
    with pytest.raises(IdfsrError, match=r"sr/0\.png: not an image, wanted"):
        list(read_batches(pairs, detector, 256, 2))
