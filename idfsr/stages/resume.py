"""Go on with a run on a cluster whose Snakemake was killed, or whose login node went down.

Cancels the Slurm jobs that earlier Snakemakes of this folder have left, waits until they are gone,
so that no file ever has two writers, and starts Snakemake again. It refuses while a Snakemake works
in the folder. Arguments go to Snakemake; give those that it had.

    idfsr resume -- --profile slurm
"""

import argparse
import subprocess
import sys
from pathlib import Path

from idfsr.errors import IdfsrError
from idfsr.run.at_work import live_snakemakes
from idfsr.run.cluster import cancel_runs, run_ids, snakemake_at_work


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("arguments", nargs="*", help="arguments for Snakemake, after --")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    pid = snakemake_at_work(Path.cwd())
    if pid is not None:
        message = f"{Path.cwd()}: found Snakemake at work, process {pid}; stop it first"
        raise IdfsrError(message)
    for holder in live_snakemakes():
        message = f"{Path.cwd()}: found Snakemake at work, {holder}; stop it first"
        raise IdfsrError(message)
    num_jobs = cancel_runs(run_ids(sorted(Path(".snakemake/log").glob("*.snakemake.log"))))
    print(f"{num_jobs} jobs cancelled", flush=True)
    snakemake = [sys.executable, "-m", "snakemake"]
    result = subprocess.run([*snakemake, *args.arguments], check=False)  # noqa: S603
    sys.exit(result.returncode)
