from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from idfsr.errors import IdfsrError
from idfsr.io.tables import read_metadata, read_table, read_tsv, write_table, write_tsv


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame({"identity": ["00001", "00002"], "score": [0.5, None]}, index=[7, 3])


def test_round_trip_with_schema_and_metadata(tmp_path: Path, frame: pd.DataFrame) -> None:
    path = tmp_path / "a" / "table.parquet"
    schema = pa.schema({"score": pa.float32(), "identity": pa.string()})
    write_table(frame, path, schema, {"digest": "abc"})
    read = read_table(path)
    assert read.columns.tolist() == ["score", "identity"]
    assert read["score"].dtype == "float32"
    assert read["identity"].tolist() == ["00001", "00002"]
    assert read["score"].isna().tolist() == [False, True]
    assert read_metadata(path) == {"digest": "abc"}


def test_reads_some_columns_and_rows(tmp_path: Path, frame: pd.DataFrame) -> None:
    path = tmp_path / "identity=5" / "table.parquet"  # not to be taken for a partition
    write_table(frame, path)
    read = read_table(path, ["identity"], [("score", ">", 0.1)])
    assert read.to_dict("list") == {"identity": ["00001"]}


def test_same_rows_give_the_same_bytes(tmp_path: Path, frame: pd.DataFrame) -> None:
    for name in ("a", "b"):
        write_table(frame, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(IdfsrError, match=r"none\.parquet: no such file"):
        read_table(tmp_path / "none.parquet")


def test_not_parquet(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_text("identity,image\n")
    with pytest.raises(IdfsrError, match=r"x\.parquet: not a Parquet table") as caught:
        read_metadata(tmp_path / "x.parquet")
    assert "\n" not in str(caught.value)


def test_missing_column(tmp_path: Path, frame: pd.DataFrame) -> None:
    write_table(frame, tmp_path / "x.parquet")
    with pytest.raises(IdfsrError, match="found columns identity, score, wanted yaw"):
        read_table(tmp_path / "x.parquet", ["identity", "yaw"])


def test_tsv_keeps_text_as_it_is(tmp_path: Path) -> None:
    frame = pd.DataFrame({"identity": ["00001", "NA", "null"], "reason": ["", "a\tb", "c"]})
    write_tsv(frame, tmp_path / "x.tsv")
    assert (tmp_path / "x.tsv").read_bytes().startswith(b"identity\treason\n00001\t\n")
    pd.testing.assert_frame_equal(read_tsv(tmp_path / "x.tsv"), frame)


@pytest.mark.parametrize("content", [b"", b"a\tb\n1\t2\t3\t4\n1\n2\t2\t3\t4\t5\n", b"\xff\xfe\x00"])
def test_bad_tsv(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.tsv").write_bytes(content)
    with pytest.raises(IdfsrError, match=r"x\.tsv: not (a table|text)"):
        read_tsv(tmp_path / "x.tsv")


def test_missing_tsv(tmp_path: Path) -> None:
    with pytest.raises(IdfsrError, match=r"x\.tsv: no such file"):
        read_tsv(tmp_path / "x.tsv")
