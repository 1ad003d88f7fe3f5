from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from idfsr.errors import IdfsrError
from idfsr.io.digests import file_digest
from idfsr.report.detection import (
    choose_images,
    describe_lr_detector,
    draw_landmark_sheet,
    draw_lr_detector,
    read_errors,
)


def make_quality(root: Path) -> pd.DataFrame:
    """Two images that are used, one blurred, one without a face, one that is no image."""
    for name in ("a0", "b0", "b1", "c0"):
        image = Image.new("RGB", (200, 100), "white")
        image.paste("black", (120, 30, 160, 70))
        image.save(root / f"{name}.png")
    face = {
        "box": np.array([120, 30, 160, 70], dtype=np.float32),
        "landmarks": np.array([130, 40, 150, 40, 140, 50, 130, 60, 150, 60], dtype=np.float32),
    }
    rows = [
        {"identity": "b", "image": "0", "path": "b0.png", "status": "ok", "height": 100} | face,
        {"identity": "a", "image": "0", "path": "a0.png", "status": "ok", "height": 100} | face,
        {"identity": "b", "image": "1", "path": "b1.png", "height": 100}
        | {"status": "blurred: sharpness 3 below 20"}
        | face,
        {"identity": "c", "image": "0", "path": "c0.png", "status": "no face", "height": 100},
        {"identity": "d", "image": "0", "path": "d0.png", "status": "not an image", "height": 0},
    ]
    digests = [file_digest(path) if path.is_file() else "" for path in
               (root / row["path"] for row in rows)]  # fmt: skip
    return pd.DataFrame(rows).assign(sha256=digests)


def test_chosen_images(tmp_path: Path) -> None:
    quality = make_quality(tmp_path)
    chosen = choose_images(quality, 2)
    assert (chosen["identity"] + chosen["image"]).tolist() == ["a0", "b0", "b1", "c0"]
    assert choose_images(quality, 1)["status"].tolist() == ["ok", "blurred: sharpness 3 below 20"]


def test_each_reason_once_before_any_twice(tmp_path: Path) -> None:
    quality = make_quality(tmp_path).iloc[[2, 2, 3]].assign(image=["0", "1", "2"])
    quality.index = pd.RangeIndex(3)
    assert choose_images(quality, 2)["image"].tolist() == ["0", "2"]


def test_convention_crop_keeps_landmarks_on_the_face(tmp_path: Path) -> None:
    figure = draw_landmark_sheet(make_quality(tmp_path), tmp_path, 2)
    assert len(figure.axes) == 4
    axes = figure.axes[0]
    pixels = np.asarray(axes.images[0].get_array())
    points = np.asarray(axes.collections[0].get_offsets())
    assert pixels.shape[:2] == (256, 256)
    for x, y in points:
        assert pixels[int(y), int(x)].max() < 60  # inside the black square
    # A square of 72 px around the box, 256 px wide: the eyes are 20 px apart.
    assert points[1, 0] - points[0, 0] == pytest.approx(20 * 256 / 72)
    words = [text.get_text() for text in figure.texts]
    assert "b/1\nblurred: sharpness 3\nbelow 20" in words
    assert "Left out" in words


def test_data_set_without_rejects_has_one_row(tmp_path: Path) -> None:
    quality = make_quality(tmp_path).iloc[:2]
    figure = draw_landmark_sheet(quality, tmp_path, 6)
    assert len(figure.axes) == 2
    assert "Left out" not in [text.get_text() for text in figure.texts]


def test_missing_image_is_named(tmp_path: Path) -> None:
    quality = make_quality(tmp_path)
    (tmp_path / "a0.png").unlink()
    with pytest.raises(IdfsrError, match=r"a0\.png: no such file"):
        draw_landmark_sheet(quality, tmp_path, 2)


ERRORS = pd.DataFrame(
    [("stock", 8, 40, 0.5, 0.25, 0.5), ("fine-tuned", 8, 40, 1.0, 0.125, 0.25)],
    columns=["detector", "scale_factor", "num_images", "found", "nme", "nme_p90"],
)


def test_bars_are_per_cent() -> None:
    left, right = draw_lr_detector(ERRORS).axes
    assert [bar.get_height() for bar in left.patches] == [25, 12.5]
    assert [bar.get_height() for bar in right.patches] == [50, 100]
    assert [text.get_text() for text in right.texts] == ["50.0", "100.0"]
    assert "40 images" in describe_lr_detector(ERRORS)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(IdfsrError, match="no such file"):
        read_errors(tmp_path / "none.csv")
    ERRORS.drop(columns="nme_p90").to_csv(tmp_path / "errors.csv", index=False)
    with pytest.raises(IdfsrError, match="wanted detector, scale_factor"):
        read_errors(tmp_path / "errors.csv")
    ERRORS.to_csv(tmp_path / "errors.csv", index=False)
    pd.testing.assert_frame_equal(read_errors(tmp_path / "errors.csv"), ERRORS)
