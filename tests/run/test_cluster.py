"""What needs no Slurm; tests/workflow/test_slurm.py has the rest."""

from pathlib import Path

import pytest

from idfsr.errors import IdfsrError
from idfsr.run import cluster


def test_run_ids_are_in_the_logs(tmp_path: Path) -> None:
    for name, text in (
        ("1.log", "Building DAG of jobs...\nSLURM run ID: 8f3c-11\nUsing shell: bash\n"),
        ("2.log", "Using shell: bash\n"),
        ("3.log", "SLURM run ID: 77aa-02\n"),
    ):
        (tmp_path / name).write_text(text)
    assert cluster.run_ids(sorted(tmp_path.iterdir())) == ["8f3c-11", "77aa-02"]


def test_without_runs_slurm_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert cluster.cancel_runs([]) == 0


def test_a_machine_without_slurm_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(IdfsrError, match=r"^squeue: no such command, wanted a machine with Slurm$"):
        cluster.cancel_runs(["8f3c-11"])


def test_what_slurm_says_is_passed_on() -> None:
    with pytest.raises(IdfsrError, match=r"^ls: .*/nowhere"):
        cluster.slurm("ls", "/nowhere")
