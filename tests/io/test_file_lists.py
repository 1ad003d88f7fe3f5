import hashlib
from pathlib import Path

import pytest

from idfsr.errors import IdfsrError
from idfsr.io.file_lists import listed_files, write_list
from idfsr.io.tables import read_tsv


@pytest.fixture
def fits(tmp_path: Path) -> Path:
    for identity in ("00007", "00082"):
        (tmp_path / identity).mkdir()
        for name in ("embedding.safetensors", "stats.jsonl"):
            (tmp_path / identity / name).write_text(f"{identity} {name}")
    write_list(tmp_path / "batch-00000.tsv", sorted(tmp_path.glob("*/*")))
    return tmp_path


def test_a_list_names_files_and_their_digests(fits: Path) -> None:
    table = read_tsv(fits / "batch-00000.tsv")
    assert table["file"].tolist()[:2] == ["00007/embedding.safetensors", "00007/stats.jsonl"]
    expected = hashlib.sha256(b"00007 embedding.safetensors").hexdigest()
    assert table["sha256"][0] == expected


def test_a_list_gives_its_files_of_one_kind_and_files_stay(fits: Path) -> None:
    other = Path("other.safetensors")
    assert listed_files([other, fits / "batch-00000.tsv"], ".safetensors") == [
        other,
        fits / "00007/embedding.safetensors",
        fits / "00082/embedding.safetensors",
    ]


def test_a_file_that_went_is_named(fits: Path) -> None:
    (fits / "00082/stats.jsonl").unlink()
    with pytest.raises(IdfsrError, match=r"batch-00000.tsv: names .*00082/stats.jsonl, which is"):
        listed_files([fits / "batch-00000.tsv"], ".jsonl")
    assert len(listed_files([fits / "batch-00000.tsv"], ".safetensors")) == 2


def test_another_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "split.tsv").write_text("identity\timage\n")
    with pytest.raises(IdfsrError, match="found columns identity, image, wanted file"):
        listed_files([tmp_path / "split.tsv"], ".parquet")
