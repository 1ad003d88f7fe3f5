import subprocess
from pathlib import Path

import pytest

from idfsr.errors import DamagedFileError, IdfsrError
from idfsr.io.files import atomic_path
from idfsr.io.texts import read_json, read_stats, read_text, stats_line, write_json, write_text


def test_digest_stands_beside_a_table(tmp_path: Path) -> None:
    path = tmp_path / "split.tsv"
    write_text(path, "identity\timage\n")
    assert read_text(path, "the split") == "identity\timage\n"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["split.tsv", "split.tsv.sha256"]
    subprocess.run(["sha256sum", "-c", "split.tsv.sha256"], cwd=tmp_path, check=True)


def test_a_change_by_hand_is_named_and_can_be_kept(tmp_path: Path) -> None:
    path = tmp_path / "split.tsv"
    write_text(path, "identity\timage\n")
    path.write_text("identity\timage\nann\t0\n")
    with pytest.raises(IdfsrError, match=r"split\.tsv: found other bytes than split\.tsv\.sha256"):
        read_text(path, "the split")
    (tmp_path / "split.tsv.sha256").unlink()
    assert read_text(path, "the split") == "identity\timage\nann\t0\n"


def test_a_new_text_never_meets_the_digest_of_the_former(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "split.tsv"
    write_text(path, "old")
    write_text(path, "new")
    assert read_text(path, "the split") == "new"

    def killed(target: Path) -> object:
        if target.suffix == ".sha256":
            raise KeyboardInterrupt
        return atomic_path(target)

    monkeypatch.setattr("idfsr.io.texts.atomic_path", killed)
    with pytest.raises(KeyboardInterrupt):
        write_text(path, "newer")
    assert read_text(path, "the split") == "newer"


def test_damaged_digest_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "split.tsv"
    write_text(path, "a")
    (tmp_path / "split.tsv.sha256").write_bytes(b"\xff")
    with pytest.raises(IdfsrError, match=r"or remove split\.tsv\.sha256 alone to keep the change"):
        read_text(path, "the split")


def test_what_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(IdfsrError, match="none: no such file, wanted the split"):
        read_text(tmp_path / "none", "the split")
    with pytest.raises(IdfsrError, match="cannot be read: Is a directory, wanted the split"):
        read_text(tmp_path, "the split")
    (tmp_path / "bytes").write_bytes(b"\xff")
    with pytest.raises(IdfsrError, match=r"bytes: not text: .* remove it and run again"):
        read_text(tmp_path / "bytes", "the split")


def test_json_and_statistics_come_back(tmp_path: Path) -> None:
    values = {"method": "bicubic", "fd": None, "share": 0.1, "n": 3}
    write_json(tmp_path / "set.json", values)
    assert read_json(tmp_path / "set.json", "metrics") == values
    records = [{"loss": 0.1}, {"loss": None}]
    (tmp_path / "stats.jsonl").write_text("".join(map(stats_line, records)))
    assert read_stats(tmp_path / "stats.jsonl") == records


def test_line_without_a_digest_is_refused(tmp_path: Path) -> None:
    (tmp_path / "stats.jsonl").write_text('{"loss": 1}\n')
    with pytest.raises(DamagedFileError, match=r"stats\.jsonl: found values without their sha256"):
        read_stats(tmp_path / "stats.jsonl")
    (tmp_path / "stats.jsonl").write_text("{\n")
    with pytest.raises(DamagedFileError, match=r"stats\.jsonl: not JSON: "):
        read_stats(tmp_path / "stats.jsonl")
