from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from idfsr.errors import DamagedFileError, IdfsrError
from idfsr.io.images import decode_png
from idfsr.io.tables import read_table, write_table
from idfsr.report.sheets import check_file, join_tiles, read_index, write_sheets
from tests.conftest import make_row

from .made_run import METHODS, write_restored

PEOPLE = ("ann", "bob")


@pytest.fixture
def run(tmp_path: Path) -> tuple[Path, list[Path]]:
    shard, *restored = write_restored(tmp_path, 8, PEOPLE)
    return shard, restored


def tile(sheet: np.ndarray, number: int) -> np.ndarray:
    row, column = divmod(number, 4)
    return sheet[64 * row : 64 * row + 64, 64 * column : 64 * column + 64]


def test_convention_tiles_stand_row_by_row() -> None:
    tiles = [np.full((2, 2, 3), number, np.uint8) for number in (1, 2, 3)]
    assert join_tiles(tiles, 2)[:, :, 0].tolist() == [
        [1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 0, 0], [3, 3, 0, 0],
    ]  # fmt: skip


def test_sheet_holds_inputs_methods_and_truth(run: tuple[Path, list[Path]], tmp_path: Path) -> None:
    shard, restored = run
    write_sheets([shard], restored, METHODS, tmp_path / "sheets")
    index = read_index(tmp_path / "sheets")
    assert (index["scale_factor"], index["size"], index["num_columns"]) == (8, 64, 4)
    assert [(row["identity"], row["image"]) for row in index["images"]] == [
        ("ann", "t0"), ("ann", "t1"), ("bob", "t0"), ("bob", "t1"),
    ]  # fmt: skip
    assert index["tiles"][3:-1] == list(METHODS)
    with Image.open(tmp_path / "sheets" / index["images"][1]["file"]) as image:
        sheet = np.array(image.convert("RGB"))
    row = make_row("ann", "t1", "test", 8)
    small = decode_png(row["lr_image"])
    assert np.array_equal(tile(sheet, 0), small.repeat(8, axis=0).repeat(8, axis=1))
    reference = decode_png(make_row("ann", "r0", "fit", 8)["gt_image"])
    assert np.array_equal(tile(sheet, 1), reference)
    assert np.array_equal(tile(sheet, 2), decode_png(row["references"][0]["warped_ref"]))
    assert [int(tile(sheet, 3 + number).max()) for number in range(4)] == [60, 100, 140, 180]
    assert np.array_equal(tile(sheet, 7), decode_png(row["gt_image"]))


def test_same_images_same_bytes(run: tuple[Path, list[Path]], tmp_path: Path) -> None:
    shard, restored = run
    for name in ("one", "two"):
        write_sheets([shard], restored, METHODS, tmp_path / name)
    first, second = (sorted((tmp_path / name).iterdir()) for name in ("one", "two"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_image_that_was_not_restored_is_white(run: tuple[Path, list[Path]], tmp_path: Path) -> None:
    shard, restored = run
    table = read_table(restored[1])
    table["sr_image"] = [None, *table["sr_image"][1:]]
    write_table(table, restored[1])
    write_sheets([shard], restored, METHODS, tmp_path / "sheets")
    index = read_index(tmp_path / "sheets")
    assert [row["failed"] for row in index["images"]] == [["codeformer"], [], [], []]
    with Image.open(tmp_path / "sheets/00000.webp") as image:
        assert tile(np.array(image.convert("RGB")), 4).min() == 255


def test_missing_method_is_named(run: tuple[Path, list[Path]], tmp_path: Path) -> None:
    shard, restored = run
    with pytest.raises(IdfsrError, match="no ann/t0 of bicubic, wanted it of every method"):
        write_sheets([shard], restored[1:], METHODS, tmp_path / "sheets")


def test_changed_file_is_refused(run: tuple[Path, list[Path]], tmp_path: Path) -> None:
    shard, restored = run
    write_sheets([shard], restored, METHODS, tmp_path / "sheets")
    entry = read_index(tmp_path / "sheets")["images"][0]
    path = tmp_path / "sheets" / entry["file"]
    check_file(path, entry["sha256"])
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(DamagedFileError):
        check_file(path, entry["sha256"])
    path.unlink()
    with pytest.raises(IdfsrError, match="no such file"):
        check_file(path, entry["sha256"])
