from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from idfsr.errors import IdfsrError
from idfsr.io.shards import ROWS_PER_GROUP, SHARD_SCHEMA, read_shard, write_shard
from idfsr.io.tables import read_metadata, write_table

Row = Callable[..., dict[str, Any]]


def test_round_trip(tmp_path: Path, shard_row: Row) -> None:
    path = tmp_path / "x8" / "pretrain-00000.parquet"
    row = shard_row("00001", "3")
    assert write_shard(iter([row]), path, {"image_size": "64"}) == 1
    (read,) = read_shard([path]).to_pylist()
    assert read.keys() == set(SHARD_SCHEMA.names)
    assert read["gt_image"] == row["gt_image"]
    assert read["mask_box"] == [16, 8, 40, 48]
    np.testing.assert_array_equal(np.float32(read["z_id"]), row["z_id"])
    assert read["references"][1]["warped_ref"] == row["references"][1]["warped_ref"]
    assert read["references"][1]["affine"] == [1, 0, 0, 0, 1, 0]
    assert read_metadata(path) == {"image_size": "64"}


def test_reads_only_what_is_asked_for(tmp_path: Path, shard_row: Row) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    write_shard([shard_row("1", "0", "fit"), shard_row("2", "0", "test")], paths[0], {})
    write_shard([shard_row("2", "1", "fit"), shard_row("2", "2", "test")], paths[1], {"k": "v"})

    def found(**wanted: str) -> list[tuple[str, str]]:
        table = read_shard(paths, ["identity", "image"], **wanted)
        return [tuple(row.values()) for row in table.to_pylist()]

    assert found() == [("1", "0"), ("2", "0"), ("2", "1"), ("2", "2")]
    assert found(part="test") == [("2", "0"), ("2", "2")]
    assert found(part="fit", identity="2") == [("2", "1")]
    assert found(identity="3") == []


def test_one_identity_is_one_row_group_of_many(tmp_path: Path, shard_row: Row) -> None:
    path = tmp_path / "a"
    row = shard_row("0", "0", num_references=1)
    rows = (row | {"identity": f"{index:03d}"} for index in range(2 * ROWS_PER_GROUP + 1))
    assert write_shard(rows, path, {}) == 2 * ROWS_PER_GROUP + 1
    file = pq.ParquetFile(path)
    assert file.num_row_groups == 3
    statistics = file.metadata.row_group(1).column(0).statistics
    assert (statistics.min, statistics.max) == ("032", "063")


def test_no_rows_make_an_empty_shard(tmp_path: Path) -> None:
    assert write_shard([], tmp_path / "a", {}) == 0
    assert read_shard([tmp_path / "a"]).num_rows == 0


def test_a_bad_row_leaves_no_file(tmp_path: Path, shard_row: Row) -> None:
    with pytest.raises(ValueError, match="512"):
        write_shard([shard_row("1", "0") | {"z_id": np.zeros(3)}], tmp_path / "a", {})
    assert list(tmp_path.iterdir()) == []


def test_no_shard_given() -> None:
    with pytest.raises(IdfsrError, match="no shard given"):
        read_shard([])


def test_another_table(tmp_path: Path, shard_row: Row) -> None:
    path = tmp_path / "a"
    write_shard([shard_row("1", "0")], path, {})
    write_table(pd.DataFrame({"identity": ["1"]}), path)
    with pytest.raises(IdfsrError, match="a: not a shard: columns identity"):
        read_shard([path])


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(IdfsrError, match="no such file"):
        read_shard([tmp_path / "none"])
