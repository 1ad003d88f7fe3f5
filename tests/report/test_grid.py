from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from idfsr.errors import IdfsrError
from idfsr.io.images import decode_png, encode_png
from idfsr.io.shards import write_shard
from idfsr.io.tables import write_table
from idfsr.report.grid import choose_examples, describe_grid, draw_grid, read_examples
from idfsr.report.tiles import TILE

METHODS = ("bicubic", "idfsr-ft")
MakeRow = Callable[..., dict[str, Any]]
Run = tuple[Path, list[Path], list[Path]]


@pytest.fixture
def run(tmp_path: Path, shard_row: MakeRow) -> Run:
    """Identities a and b, each with two fit images r0, r1 and two test images."""
    rows = [
        shard_row(identity, image, part)
        for identity in ("a", "b")
        for image, part in (("r0", "fit"), ("r1", "fit"), ("t1", "test"), ("t0", "test"))
    ]
    shard = tmp_path / "test-00000.parquet"
    write_shard(rows, shard, {})
    restored, metrics = [], []
    for number, method in enumerate(METHODS):
        for identity in ("a", "b"):
            frame = pd.DataFrame(
                {
                    "identity": identity,
                    "image": ["t0", "t1"],
                    "method": method,
                    "sr_image": [
                        encode_png(np.full((64, 64, 3), 10 * number + image, dtype=np.uint8))
                        for image in (0, 1)
                    ],
                }
            )
            restored.append(tmp_path / f"{method}/{identity}.parquet")
            write_table(frame, restored[-1])
        scores = pd.DataFrame(
            {"identity": ["a", "b"], "image": "t0", "method": method, "ids_sface": [0.25, 0.5]}
        )
        metrics.append(tmp_path / f"{method}.parquet")
        write_table(scores, metrics[-1])
    return shard, restored, metrics


def test_image_that_was_not_restored_is_white(run: Run) -> None:
    shard, restored, metrics = run
    table = pd.read_parquet(restored[0])
    table["sr_image"] = [None, table["sr_image"][1]]
    write_table(table, restored[0])
    examples = read_examples([shard], restored, metrics, METHODS, 3)
    assert (examples[0].sr_images[METHODS[0]] == 255).all()
    assert (examples[2].sr_images[METHODS[0]] == 1).all()


def test_every_person_once_before_any_twice() -> None:
    keys = pd.DataFrame({"identity": ["b", "a", "a", "c"], "image": ["0", "1", "0", "5"]})
    chosen = choose_examples(keys, 4)
    assert list(zip(chosen["identity"], chosen["image"], strict=True)) == [
        ("a", "0"), ("b", "0"), ("c", "5"), ("a", "1"),
    ]  # fmt: skip
    assert len(choose_examples(keys, 2)) == 2


def test_examples_are_joined_by_name(run: Run, shard_row: MakeRow) -> None:
    shard, restored, metrics = run
    examples = read_examples([shard], restored, metrics, METHODS, 3)
    assert [(example.identity, example.image) for example in examples] == [
        ("a", "t0"), ("b", "t0"), ("a", "t1"),
    ]  # fmt: skip
    last = examples[-1]
    row, reference = shard_row("a", "t1", "test"), shard_row("a", "r0", "fit")
    assert np.array_equal(last.gt_image, decode_png(row["gt_image"]))
    assert np.array_equal(last.ref_image, decode_png(reference["gt_image"]))
    assert np.array_equal(last.warped_ref, decode_png(row["references"][0]["warped_ref"]))
    assert last.sr_images["idfsr-ft"][0, 0, 0] == 11
    assert last.sr_images["bicubic"][0, 0, 0] == 1
    assert (last.masked_lr[8:48, 16:40] == 128).all()
    assert examples[1].distances == {"bicubic": 0.5, "idfsr-ft": 0.5}
    assert last.distances == {}


def test_figure_has_a_row_an_example_and_a_column_an_image(run: Run) -> None:
    shard, restored, metrics = run
    examples = read_examples([shard], restored, metrics, METHODS, 2)
    figure = draw_grid(examples, METHODS)
    assert len(figure.axes) == 2 * (4 + len(METHODS) + 1)
    words = [text.get_text() for text in figure.texts]
    assert words.count("IDS 0.500") == 2
    assert "IDFSR (FT)" in words
    assert "b/t0" in words
    width, height = figure.get_size_inches() * figure.dpi
    assert width > 7 * TILE
    assert height > 2 * TILE
    title, caption = describe_grid(8, examples)
    assert title.endswith("8")
    assert caption.startswith("2 test images of 2 people")
    assert caption.endswith("identity distance, lower is better.")


def test_distances_are_the_papers_where_they_are_known(run: Run) -> None:
    shard, restored, metrics = run
    for path in metrics:
        write_table(pd.read_parquet(path).assign(ids=[0.125, 0.75]), path)
    examples = read_examples([shard], restored, metrics, METHODS, 2)
    assert [example.distances["bicubic"] for example in examples] == [0.125, 0.75]


def test_caption_promises_no_distance_that_is_not_there(run: Run) -> None:
    shard, restored, metrics = run
    for path in metrics:
        write_table(pd.read_parquet(path).drop(columns="ids_sface"), path)
    examples = read_examples([shard], restored, metrics, METHODS, 2)
    assert describe_grid(8, examples)[1].endswith("the ground truth.")


def test_what_is_missing_is_named(run: Run, tmp_path: Path, shard_row: MakeRow) -> None:
    shard, restored, metrics = run
    with pytest.raises(IdfsrError, match=r"no a/t0 of idfsr-pt"):
        read_examples([shard], restored, metrics, ("bicubic", "idfsr-pt"), 1)
    write_shard([shard_row("a", "r0", "fit")], tmp_path / "fit.parquet", {})
    with pytest.raises(IdfsrError, match="no image of the part test"):
        read_examples([tmp_path / "fit.parquet"], restored, metrics, METHODS, 1)
