import subprocess
from pathlib import Path

import pytest

from idfsr.io.texts import read_json
from idfsr.report import facts
from idfsr.report.facts import describe_host, name_commit, sum_benchmarks, write_facts

from .made_run import write_benchmarks


def test_benchmarks_are_summed_up_by_work(tmp_path: Path) -> None:
    paths = write_benchmarks(tmp_path)
    more = paths[0].with_name("batch-00001.tsv")
    more.write_text("s\th:m:s\n2.5\t0:00:02\n")
    assert sum_benchmarks([*paths, more]) == [
        {"work": "fit/x8", "num_jobs": 2, "seconds": 5.5},
        {"work": "restore/x8/idfsr-ft", "num_jobs": 1, "seconds": 12},
        {"work": "restore/x8/bicubic", "num_jobs": 1, "seconds": 1},
    ]


def test_work_without_a_folder_has_its_own_name() -> None:
    (cost,) = sum_benchmarks([Path("results/run/benchmarks/pretrain.tsv")])
    assert cost == {"work": "pretrain", "num_jobs": 1, "seconds": 0}


def test_facts_are_written(tmp_path: Path) -> None:
    write_facts(write_benchmarks(tmp_path), tmp_path / "facts.json")
    found = read_json(tmp_path / "facts.json", "facts")
    assert found["finished"].endswith(" UTC")
    assert found["versions"]["idfsr"]
    assert found["host"] == describe_host()
    assert found["host"]["num_cores"] >= 1


def test_commit_is_that_of_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*words: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@b")
        command = ["git", "-C", str(tmp_path), *who, *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    monkeypatch.setattr(facts, "PACKAGE_DIR", tmp_path / "idfsr")
    (tmp_path / "idfsr").mkdir()
    (tmp_path / "idfsr/file").write_text("1")
    assert name_commit() == "not a Git checkout"
    git("init")
    git("add", "-A")
    git("commit", "-m", "First")
    assert name_commit() == git("rev-parse", "HEAD")
    (tmp_path / "idfsr/file").write_text("2")
    assert name_commit() == f"{git('rev-parse', 'HEAD')}, with changes"
