"""Snakemake on the tests' own Slurm, and what may happen to a training there."""

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from .cluster import NODES, Cluster, wait_until

PROFILE = ("--profile", "slurm", "--profile", "tests/workflow/slurm")
LONG = ("--configfile", "tests/workflow/tiny.yaml", "tests/workflow/slurm/long.yaml")
FITS = "results/tiny/fit/x8/batch-00000.tsv"
MODEL = "results/tiny/pretrain/model.safetensors"
STATE = "results/tiny/pretrain/state/state.pt"


class Run:
    """Snakemake in a copy of the project, its jobs on the cluster.

    Attributes:
        cluster: Where its jobs run.
        folder: The copy.
        process: Snakemake.
    """

    def __init__(self, cluster: Cluster, folder: Path, *arguments: str) -> None:
        self.cluster = cluster
        self.folder = folder
        self.process = subprocess.Popen(
            ["snakemake", *PROFILE, *arguments],
            cwd=folder,
            env=cluster.environment | {"PYTHONPATH": str(folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def end(self, seconds: float = 1800) -> str:
        """Wait until Snakemake has ended well, and return what it printed."""
        try:
            output, _ = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            output, _ = self.process.communicate()
        assert self.process.returncode == 0, output + self.cluster.last_words()
        return output

    def kill(self) -> None:
        """End Snakemake at once; its jobs on the cluster do not notice."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def copy_run(source: Path, directory: Path) -> Path:
    """Copy a project with its results; the ages of the files stay."""
    return shutil.copytree(source, directory, symlinks=True, dirs_exist_ok=True)


def copy_untrained(source: Path, directory: Path) -> Path:
    """Copy a project with its results up to the shards."""
    copy_run(source, directory)
    for name in ("pretrain", "fit", "restored"):
        shutil.rmtree(directory / "results/tiny" / name)
    return directory


def begin_training(cluster: Cluster, folder: Path, *options: str) -> tuple[Run, dict[str, str]]:
    """Start the training on the cluster, wait for its first checkpoint, and return its job too."""
    run = Run(cluster, folder, *LONG, *options, "--", MODEL)
    wait_until((folder / STATE).is_file, "a checkpoint", 900)
    (job,) = cluster.running("pretrain")
    return run, job


def start_at_once(cluster: Cluster, job: dict[str, str]) -> None:
    """Wait until a job is back in the queue, and spare the test the two minutes after that."""
    wait_until(
        lambda: any(other["id"] == job["id"] for other in cluster.jobs("PENDING")),
        "the job to be queued again",
    )
    cluster.run("scontrol", "update", f"JobId={job['id']}", "StartTime=now")


def disturb_training(
    fault: Callable[[Cluster, dict[str, str]], None],
    cluster: Cluster,
    folder: Path,
    quiet: Path,
    *options: str,
) -> dict[str, str]:
    """Let a fault befall a training, whose model is that of a quiet run; return its first job."""
    run, job = begin_training(cluster, folder, *options)
    fault(cluster, job)
    run.end()
    assert (folder / MODEL).read_bytes() == (quiet / MODEL).read_bytes()
    assert "pretrain: resumed at" in (folder / "logs/tiny/pretrain.txt").read_text()
    return job


def suspend_training(cluster: Cluster) -> list[psutil.Process]:
    """Stop all processes of the training on the cluster; return them."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        environment = process.info["environ"] or {}
        in_job = environment.get("SLURM_CONF") == str(cluster.conf)
        if in_job and "pretrain" in (process.info["cmdline"] or []):
            process.suspend()
            found.append(process)
    return found


def is_stopped(process: psutil.Process) -> bool:
    """Return whether a process waits to be woken."""
    try:
        return bool(process.status() == psutil.STATUS_STOPPED)
    except psutil.NoSuchProcess:
        return False


def near_time_limit(cluster: Cluster, job: dict[str, str]) -> None:
    """Leave the job five minutes: the profile wants a signal ten minutes before the end.

    Slurm looks for such jobs every 30 seconds, and the training must not have ended by then. Slurm
    wakes those whom it warns.
    """
    training = suspend_training(cluster)
    soon = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(time.time() + 300))
    cluster.run("scontrol", "update", f"JobId={job['id']}", f"EndTime={soon}")
    wait_until(lambda: not all(map(is_stopped, training)), "Slurm's warning")
    for process in filter(is_stopped, training):
        process.resume()


def preempt(cluster: Cluster, job: dict[str, str]) -> None:
    """Let a job of higher priority take both nodes."""
    cluster.run(
        "sbatch", "-p", "urgent", "-N", str(len(NODES)), "--exclusive",
        "--output", "/dev/null", "--wrap", "sleep 1",
    )  # fmt: skip
    start_at_once(cluster, job)
