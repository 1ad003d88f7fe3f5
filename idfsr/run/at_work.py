"""One Snakemake at a time works on a run; what a killed one has left behind is ended first.

In place of Snakemake's own lock, which stays when Snakemake is killed and does not say whose it is
(profiles/default/profile.yaml switches it off). A killed Snakemake leaves its local jobs running,
and its jobs on a cluster: the next one would start them again while the first still write.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import psutil

from idfsr.io.finished import remove_finished
from idfsr.io.lock import Holder, live_holder, process_runs, take
from idfsr.run.cluster import cancel_runs, run_ids

LOCKS: Final = Path(".snakemake/at-work")
RESULTS: Final = Path("results")
LOGS: Final = Path(".snakemake/log")

MARK: Final = "IDFSR_SNAKEMAKE"
"""Variable of all local jobs: number, start and folder of their Snakemake."""

GRACE_SECONDS: Final = 120.0
"""What a left job has to end by itself, e.g. a training to save its state, until it is killed."""

ASK_SECONDS: Final = 10.0
"""Between two requests to end: a training that is only being started does not hear the first."""


def live_snakemakes() -> list[Holder]:
    """Return the other Snakemakes that work in this folder, on any machine."""
    holders = (live_holder(path) for path in sorted(LOCKS.glob("[!.]*")))
    return [holder for holder in holders if holder is not None]


def left_jobs() -> list[psutil.Process]:
    """Return the processes of this machine that a killed Snakemake of this folder has left.

    Jobs of Slurm do not count, even if they run on this machine: Slurm ends them.
    """
    left = []
    for process in psutil.process_iter(["environ"]):
        environment = process.info["environ"] or {}
        if MARK not in environment:
            continue
        pid, started, folder = environment[MARK].split(" ", 2)
        here = folder == str(Path.cwd()) and process.pid != os.getpid()
        same_job = environment.get("SLURM_JOB_ID") == os.environ.get("SLURM_JOB_ID")
        if here and same_job and not process_runs(int(pid), float(started)):
            left.append(process)
    return left


def end_left_jobs() -> int:
    """End what a killed Snakemake has left on this machine, and wait for it.

    Returns:
        How many processes there were.
    """
    ended: set[psutil.Process] = set()
    waited = 0.0
    while left := left_jobs():
        ended.update(left)
        for process in left:
            try:
                process.kill() if waited >= GRACE_SECONDS else process.terminate()
            except psutil.NoSuchProcess:  # it has just ended
                continue
        psutil.wait_procs(left, timeout=ASK_SECONDS)
        waited += ASK_SECONDS
    return len(ended)


def begin_work(runs: Iterable[str], log: str, *, on_slurm: bool) -> list[str]:
    """Keep other Snakemakes from some runs until this process ends, and end what is left of others.

    Args:
        runs: Names.
        log: Of this Snakemake.
        on_slurm: Whether it submits jobs to Slurm.

    Returns:
        A line for each kind of thing that was ended.

    Raises:
        IdfsrError: Another Snakemake works on one of the runs, or Slurm does not answer.
    """
    log = str(Path(log).resolve())
    locks = [take(LOCKS / run, log) for run in sorted(runs)]
    num_processes = end_left_jobs()
    known = {log, *(holder.log for holder in live_snakemakes())}
    former = {lock.former.log for lock in locks if lock.former is not None}
    logs = {str(path.resolve()) for path in LOGS.glob("*.snakemake.log")} - known
    num_jobs = cancel_runs(run_ids(map(Path, sorted(logs if on_slurm else logs & former))))
    own = psutil.Process()
    os.environ[MARK] = f"{own.pid} {own.create_time()} {Path.cwd()}"
    ended = {"processes": num_processes, "Slurm jobs": num_jobs}
    return [f"{num} {what} of a killed Snakemake ended" for what, num in ended.items() if num]


def end_work(runs: Iterable[str]) -> None:
    """Remove the states of finished trainings, when all jobs of this Snakemake have ended well."""
    for run in sorted(runs):
        if (
            live_holder(LOCKS / run) is None
        ):  # of no other Snakemake, whose outputs are not yet safe
            remove_finished(RESULTS / run)
