"""What a killed Snakemake leaves; whole runs are in tests/workflow/test_kills.py."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from idfsr.errors import IdfsrError
from idfsr.io.finished import note_finished
from idfsr.io.lock import take
from idfsr.run import at_work
from idfsr.run.at_work import MARK, begin_work, end_left_jobs, end_work, left_jobs, live_snakemakes

SAYS_WHEN_ASKED = """
import pathlib, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(pathlib.Path("asked").touch()))
print(flush=True)
signal.pause()
"""
IGNORES = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint(flush=True)\n"
IGNORES += "time.sleep(600)"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(MARK, "")  # so that the variable is as before afterwards
    monkeypatch.delenv(MARK)


def start_job(code: str, mark: str, **variables: str) -> subprocess.Popen[bytes]:
    job = subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ | {MARK: mark} | variables,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert job.stdout is not None
    job.stdout.readline()
    job.stdout.close()
    return job


def test_jobs_of_a_dead_snakemake_of_this_folder_are_ended() -> None:
    dead = f"{os.getpid()} 1.0 {Path.cwd()}"
    job = start_job(SAYS_WHEN_ASKED, dead)
    assert [process.pid for process in left_jobs()] == [job.pid]
    assert end_left_jobs() == 1
    job.wait()
    assert Path("asked").exists()
    assert not psutil.pid_exists(job.pid)
    assert end_left_jobs() == 0


def test_a_job_that_does_not_answer_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_work, "ASK_SECONDS", 0.1)
    monkeypatch.setattr(at_work, "GRACE_SECONDS", 0.2)
    job = start_job(IGNORES, f"{os.getpid()} 1.0 {Path.cwd()}")
    assert end_left_jobs() == 1
    job.wait()
    assert not psutil.pid_exists(job.pid)


@pytest.mark.parametrize("case", ["live", "another folder", "of Slurm"])
def test_other_jobs_are_left_alone(case: str) -> None:
    started = psutil.Process().create_time() if case == "live" else 1.0
    folder = "/elsewhere" if case == "another folder" else Path.cwd()
    variables = {"SLURM_JOB_ID": "7"} if case == "of Slurm" else {}
    job = start_job(SAYS_WHEN_ASKED, f"{os.getpid()} {started} {folder}", **variables)
    assert left_jobs() == []
    job.kill()
    job.wait()


def test_a_run_has_one_snakemake() -> None:
    code = "import time; from idfsr.run.at_work import begin_work\n"
    code += "begin_work(['demo'], 'a.log', on_slurm=False); print(flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        (holder,) = live_snakemakes()
        assert (holder.pid, holder.log) == (other.pid, str(Path("a.log").resolve()))
        with pytest.raises(IdfsrError, match=rf"at-work: found in use by process {other.pid} on "):
            begin_work(["demo", "tiny"], "b.log", on_slurm=False)
        assert begin_work(["tiny"], "b.log", on_slurm=False) == []
        other.kill()
        while live_snakemakes():
            time.sleep(0.01)
    assert begin_work(["demo"], "b.log", on_slurm=False) == []
    assert os.environ[MARK].startswith(f"{os.getpid()} ")


def test_slurm_jobs_of_dead_snakemakes_are_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled: list[str] = []

    def cancel(names: list[str]) -> int:
        cancelled.extend(names)
        return len(names)

    monkeypatch.setattr(at_work, "cancel_runs", cancel)
    logs = Path.cwd() / ".snakemake/log"
    logs.mkdir(parents=True)
    for name in ("dead", "live", "own"):
        (logs / f"{name}.snakemake.log").write_text(f"SLURM run ID: {name}\n")
    own, live = (str(logs / f"{name}.snakemake.log") for name in ("own", "live"))
    code = "import sys, time; from idfsr.run.at_work import begin_work\n"
    code += "begin_work(['demo'], sys.argv[1], on_slurm=False); print(flush=True); time.sleep(600)"
    words = [sys.executable, "-c", code, live]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert begin_work(["tiny"], own, on_slurm=False) == []
        lines = begin_work(["tiny"], own, on_slurm=True)
        other.kill()
    assert lines == ["1 Slurm jobs of a killed Snakemake ended"]
    assert cancelled == ["dead"]
    # a run on this machine asks for those of the Snakemake that it takes over from
    assert begin_work(["demo"], own, on_slurm=False) == lines
    assert cancelled == ["dead", "live"]


@pytest.mark.parametrize("case", ["in place", "lost", "changed", "in use"])
def test_a_state_goes_when_its_outputs_are_in_their_places(case: str) -> None:
    state = Path("results/demo/pretrain/state")
    state.mkdir(parents=True)
    (state / "state.pt").write_text("a state")
    model = Path("results/demo/pretrain/model.safetensors")
    model.write_text("a model")
    note_finished(state, [model])
    if case == "lost":
        model.unlink()
    if case == "changed":
        model.write_text("another")
    if case == "in use":
        code = "from pathlib import Path; from idfsr.io.lock import take; import time\n"
        code += f"take(Path('{state}/lock')); print(flush=True); time.sleep(600)"
        job = start_job(code, f"{os.getpid()} {psutil.Process().create_time()} /elsewhere")
        end_work(["demo"])
        job.kill()
        job.wait()
        assert (state / "state.pt").exists()
        take(state / "lock").release()
        return
    end_work(["demo"])
    assert state.exists() == (case != "in place")
