from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from idfsr.errors import IdfsrError
from idfsr.io.shards import write_shard
from idfsr.report.warping import choose_cases, draw_cases, landmark_error, read_cases

MakeRow = Callable[..., dict[str, Any]]
FACE = np.array([[20, 24], [44, 24], [32, 36], [22, 48], [42, 48]], dtype=np.float32)


@pytest.fixture
def shard(tmp_path: Path, shard_row: MakeRow) -> Path:
    """Warps of identities a, b, c that miss by 0, 6 and 12 pixels: 0, 25 and 50 per cent."""
    rows = []
    for number, identity in enumerate("abc"):
        for image, part in (("r0", "fit"), ("r1", "fit"), ("t", "test")):
            row = shard_row(identity, image, part)
            row["landmarks"] = FACE.ravel()
            for reference in row["references"]:
                reference["affine"] = np.array([1, 0, 0, 0, 1, 6 * number], np.float32)
                reference["well_conditioned"] = identity != "b"
            row["lr_detected"] = identity != "c"
            rows.append(row)
    write_shard(rows, tmp_path / "test.parquet", {})
    return tmp_path / "test.parquet"


def test_error_is_relative_to_the_true_eyes() -> None:
    assert landmark_error(FACE + np.array([3, 4]), FACE) == pytest.approx(5 / 24)
    assert landmark_error(2 * FACE, FACE) != pytest.approx(landmark_error(FACE, 2 * FACE))


def test_worst_and_best_and_nobody_twice() -> None:
    errors = pd.DataFrame(
        {"identity": list("aabbcd"), "image": list("010100"), "error": [9, 1, 8, 2, 3, 4]}
    )
    chosen = choose_cases(errors, 4)
    assert list(zip(chosen["identity"], chosen["error"], strict=True)) == [
        ("a", 9), ("b", 8), ("d", 4), ("c", 3),
    ]  # fmt: skip
    assert choose_cases(errors, 2)["identity"].tolist() == ["a", "b"]
    assert len(choose_cases(errors, 10)) == 4


def test_convention_cases_apply_the_matrix_to_x_and_y(shard: Path) -> None:
    cases = read_cases([shard], 3)
    assert [case.identity for case in cases] == ["c", "b", "a"]
    assert [case.error for case in cases] == pytest.approx([0.5, 0.25, 0])
    assert np.allclose(cases[0].warped_landmarks - cases[0].ref_landmarks, [0, 12])
    assert cases[0].mask_box == (16, 8, 40, 48)
    assert cases[0].lr_image.shape == (64, 64, 3)


def test_figure_marks_the_exceptions(shard: Path) -> None:
    figure = draw_cases(read_cases([shard], 3))
    words = [text.get_text() for text in figure.texts]
    assert "c/t\n50.0 % †" in words
    assert "b/t\n25.0 % *" in words
    assert "a/t\n0.0 %" in words
    assert "Largest errors" in words
    assert len(figure.axes) == 4 * 3


def test_one_case_is_among_the_smallest(shard: Path) -> None:
    words = [text.get_text() for text in draw_cases(read_cases([shard], 1)).texts]
    assert "Largest errors" not in words
    assert "Smallest errors" in words


def test_shards_of_the_pretraining_are_one_line(tmp_path: Path, shard_row: MakeRow) -> None:
    path = tmp_path / "pretrain.parquet"
    write_shard([shard_row("a", "0", "pretrain")], path, {})
    with pytest.raises(IdfsrError, match="no image of the part test, wanted the shards of"):
        read_cases([path], 2)
