from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from idfsr.errors import IdfsrError
from idfsr.io.images import encode_png
from idfsr.io.shards import write_shard
from idfsr.io.tables import write_table
from idfsr.report.comparison import (
    choose_images,
    draw_views,
    is_turned,
    list_views,
    read_marks,
    read_view,
)

METHODS = ("bicubic", "idfsr-ft")
FRONT = np.array([[20.0, 24], [40, 24], [30, 34], [24, 44], [36, 44]])
TURNED = FRONT + np.array([[0.0, 0], [0, 0], [6, 0], [0, 0], [0, 0]])
KEYS = [("a", "0"), ("a", "1"), ("b", "0"), ("c", "0")]


def test_faces_that_look_at_the_viewer_with_a_mark_come_first() -> None:
    assert is_turned(TURNED)
    assert not is_turned(FRONT)
    faces = dict.fromkeys(KEYS, FRONT) | {("b", "0"): TURNED}
    marks = {("a", "1"): np.zeros(2), ("b", "0"): np.zeros(2)}
    for seed in range(5):
        assert choose_images(faces, (), seed, marks) == [("a", "1"), ("c", "0"), ("b", "0")]
    firsts = {choose_images(faces, (), seed, {})[0] for seed in range(20)}
    assert firsts == {("a", "0"), ("a", "1"), ("c", "0")}


def test_named_images_stand_in_their_order() -> None:
    faces = dict.fromkeys(KEYS, FRONT)
    assert choose_images(faces, ("c/0", "a/0"), 0, {}) == [("c", "0"), ("a", "0")]
    with pytest.raises(IdfsrError, match=r"figures.images: found d/0, wanted one of 4 test images"):
        choose_images(faces, ("d/0",), 0, {})


def test_marks_are_brought_to_the_size_of_the_figure(tmp_path: Path) -> None:
    truth = pd.DataFrame(
        {"identity": ["a", "b"], "image": "0", "mark_place": [[100.0, 60.0], None]}
    )
    write_table(truth, tmp_path / "truth.parquet")
    marks = read_marks(tmp_path / "truth.parquet", 0.25)
    assert {key: place.tolist() for key, place in marks.items()} == {("a", "0"): [25.0, 15.0]}
    assert read_marks(None, 0.25) == {}


def test_view_is_joined_by_name_and_drawn(
    tmp_path: Path, shard_row: Callable[..., dict[str, Any]]
) -> None:
    shard, restored = tmp_path / "test-00000.parquet", tmp_path / "restored.parquet"
    rows = [shard_row("a", *part) for part in (("r0", "fit"), ("r1", "fit"), ("t0", "test"))]
    write_shard(rows, shard, {})
    key = {"identity": "a", "image": "t0", "scale_factor": 8}
    pngs = [encode_png(np.full((64, 64, 3), level, np.uint8)) for level in (3, 7)]
    write_table(pd.DataFrame({"method": METHODS, "sr_image": pngs}).assign(**key), restored)
    view = read_view([shard], [restored], METHODS, ("a", "t0"), {("a", "r0"): np.full(2, 30.0)})
    assert {name: image[0, 0, 0] for name, image in view.sr_images.items()} == {
        "bicubic": 3, "idfsr-ft": 7,
    }  # fmt: skip
    assert view.truth.mark is None
    assert view.reference_name == rows[-1]["references"][0]["image"]
    measured = pd.DataFrame({"method": METHODS, "psnr": [20.0, 21.0]}).assign(**key)
    numbers = list_views([view], measured)
    assert numbers["psnr"].tolist() == [20.0, 21.0]
    assert not numbers["mark_seen"].any()
    figure = draw_views([view], {("idfsr-ft", view.scale_factor, view.key): "IDS 0.5"})
    written = [text.get_text() for text in figure.texts]
    assert written.count("IDS 0.5") == 1
    assert "Ground truth" in written
    with pytest.raises(IdfsrError, match="no a/t0 of dr2"):
        read_view([shard], [restored], ("dr2",), ("a", "t0"), {})
