"""Go on with a run on a cluster whose Snakemake was killed, or whose login node went down.

Cancels the Slurm jobs that earlier Snakemakes of this folder have left, waits until they are gone,
so that no file ever has two writers, unlocks the folder and starts Snakemake again. Arguments go to
Snakemake; give those that it had.

    idfsr resume -- --profile slurm
"""

import argparse
import subprocess
import sys
from pathlib import Path

from idfsr.errors import IdfsrError
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
    num_jobs = cancel_runs(run_ids(sorted(Path(".snakemake/log").glob("*.snakemake.log"))))
    print(f"{num_jobs} jobs cancelled", flush=True)
    snakemake = [sys.executable, "-m", "snakemake"]
    subprocess.run([*snakemake, "--unlock", *args.arguments], check=True)  # noqa: S603
    result = subprocess.run(  # noqa: S603
        [*snakemake, "--rerun-incomplete", *args.arguments], check=False
    )
    sys.exit(result.returncode)
