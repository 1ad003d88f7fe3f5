import subprocess
import sys
from pathlib import Path

import pytest

from idfsr.dataset.sharding import plan_shards, read_split_rows
from idfsr.errors import IdfsrError


def make_rows(counts: dict[str, int], part: str) -> list[dict[str, str]]:
    return [
        {"identity": identity, "image": str(index), "part": part}
        for identity, count in counts.items()
        for index in range(count)
    ]


def test_identities_stay_together() -> None:
    rows = make_rows({"c": 2, "a": 3, "b": 2, "d": 6, "e": 1}, "pretrain")
    plan = plan_shards(rows, "pretrain", 5)
    assert [[f"{identity}{image}" for identity, image in shard] for shard in plan] == [
        ["a0", "a1", "a2", "b0", "b1"],
        ["c0", "c1"],
        ["d0", "d1", "d2", "d3", "d4", "d5"],
        ["e0"],
    ]
    assert plan_shards(rows[::-1], "pretrain", 5) == plan


def test_test_shards_hold_fit_and_test_images() -> None:
    rows = [
        *make_rows({"a": 1}, "left_out"),
        *make_rows({"b": 2}, "pretrain"),
        {"identity": "c", "image": "0", "part": "test"},
        {"identity": "c", "image": "1", "part": "fit"},
    ]
    assert plan_shards(rows, "test", 100) == [[("c", "0"), ("c", "1")]]
    assert plan_shards(rows, "pretrain", 100) == [[("b", "0"), ("b", "1")]]
    assert plan_shards(rows[:1], "test", 100) == []


def test_reads_the_split(tmp_path: Path) -> None:
    path = tmp_path / "split.tsv"
    path.write_text("identity\timage\tpart\treason\n00001\t0\tfit\t\n00001\t1\tleft_out\tblurred\n")
    assert read_split_rows(path) == [
        {"identity": "00001", "image": "0", "part": "fit", "reason": ""},
        {"identity": "00001", "image": "1", "part": "left_out", "reason": "blurred"},
    ]


def test_other_files_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(IdfsrError, match=r"none\.tsv: no such file, wanted the split"):
        read_split_rows(tmp_path / "none.tsv")
    path = tmp_path / "other.tsv"
    path.write_text("identity\tpart\na\tfit\n")
    with pytest.raises(IdfsrError, match="no column image, wanted the split"):
        read_split_rows(path)


def test_is_light_enough_for_the_workflow() -> None:
    code = (
        "import sys, idfsr.dataset.sharding; print({'torch', 'pandas', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
