import dataclasses
import json
import os
import socket
from pathlib import Path

import psutil
import pytest

from idfsr.io.lock import Holder
from idfsr.main import main

LOG = """\
SLURM run ID: 8f3c
[Wed Nov 25 01:35:26 2026]
rule fit:
    output: results/tiny/fit/x8/00001/embedding.safetensors
    log: logs/tiny/fit/x8/00001.txt
    jobid: 4
    resources: tmpdir=/tmp, gpu=2, slurm_partition=gpu
Shell command:
        idfsr fit

[Wed Nov 25 01:36:00 2026]
Finished jobid: 4 (Rule: fit)
1 of 34 steps (3%) done
[Wed Nov 25 01:36:01 2026]
localcheckpoint split:
    log: logs/tiny/split.txt
    jobid: 5
    resources: tmpdir=/tmp

[Wed Nov 25 01:36:02 2026]
rule fit:
    log: logs/tiny/fit/x8/00002.txt
    jobid: 6
    resources: tmpdir=/tmp, gpu=2

[Wed Nov 25 01:37:00 2026]
Error in rule fit:
    message: SLURM-job '7' failed, SLURM status is: 'CANCELLED'.
    jobid: 6
    log: logs/tiny/fit/x8/00002.txt (check log file(s) for error details)
    shell:

"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which Snakemake has begun three jobs."""
    monkeypatch.chdir(tmp_path)
    for name, text in (
        (".snakemake/log/2026-11-25T013515.1.snakemake.log", LOG),
        ("logs/tiny/fit/x8/00002.txt", "fit:  10%\rfit:  45%\nidfsr fit: error: no loss\n\n"),
        ("results/tiny/benchmarks/fit/x8/00001.tsv", "s\th:m:s\n1800.0\t0:30:00\n"),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_says_what_is_done_running_and_failed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert folder.is_dir()
    main(["status", "tiny"])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines.pop(1)[:2] == ["No", "Snakemake"]
    assert lines[0] == ["tiny:", "1", "done,", "1", "running,", "1", "failed"]
    assert lines[1:3] == [["running", "split", "logs/tiny/split.txt"], ["no", "log", "yet"]]
    assert lines[3] == ["failed", "fit", "logs/tiny/fit/x8/00002.txt"]
    assert lines[4] == ["idfsr", "fit:", "error:", "no", "loss"]
    assert lines[-1] == ["fit", "1", "0.50", "1.00"]


def test_a_job_that_is_begun_again_is_no_longer_failed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = LOG.split("Error in rule", maxsplit=1)[0].replace("jobid: 6", "jobid: 1")
    (folder / ".snakemake/log/2026-11-25T020000.1.snakemake.log").write_text(again)
    main(["status", "tiny"])
    assert capsys.readouterr().out.startswith("tiny: 1 done, 2 running, 0 failed\n")


def test_says_when_no_snakemake_is_at_work(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["status", "tiny"])
    assert "No Snakemake is at work on it" in capsys.readouterr().out
    parent = psutil.Process(os.getppid())
    holder = Holder(host=socket.gethostname(), pid=parent.pid, started=parent.create_time())
    lock = folder / ".snakemake/at-work/tiny/0123.json"
    lock.parent.mkdir(parents=True)
    lock.write_text(json.dumps(dataclasses.asdict(holder)))
    main(["status", "tiny"])
    assert "No Snakemake is at work on it" not in capsys.readouterr().out


def test_another_run_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert folder.is_dir()
    with pytest.raises(SystemExit) as caught:
        main(["status", "tin"])
    assert caught.value.code == 2
    assert "found no job of 'tin', wanted the name of a run" in capsys.readouterr().err
