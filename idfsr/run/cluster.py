"""Slurm: its partitions, and the jobs that a killed Snakemake has left behind.

Snakemake's Slurm executor gives all jobs of one run the same name, its run id, and writes it into
its log. A Snakemake that was killed does not cancel them, and the next one does not know them: it
would submit them again while the first ones still write the same files.
"""

import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from idfsr.errors import IdfsrError
from idfsr.io.slurm import slurm

_RUN_ID: Final = re.compile(r"SLURM run ID: (\S+)")
POLL_SECONDS: Final = 1.0


def run_ids(logs: Iterable[Path]) -> list[str]:
    """Return the run ids in logs of Snakemake: the name of the jobs of each run on the cluster."""
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in logs)
    return [found[1] for text in texts if (found := _RUN_ID.search(text))]


def check_partitions(names: Iterable[str]) -> None:
    """Check that the cluster has the partitions that jobs will ask for.

    Raises:
        IdfsrError: One of them is missing, or Slurm does not answer.
    """
    there = set(slurm("sinfo", "--all", "--noheader", "--format", "%R"))
    missing = sorted(set(names) - there)
    if missing:
        message = (
            f"{', '.join(missing)}: no such partition, wanted one of {', '.join(sorted(there))} "
            "(IDFSR_PARTITION, IDFSR_GPU_PARTITION)"
        )
        raise IdfsrError(message)


def cancel_runs(names: Sequence[str]) -> int:
    """Cancel the jobs of some runs, and wait until none of their processes is left.

    Args:
        names: Run ids.

    Returns:
        How many jobs there were.

    Raises:
        IdfsrError: Slurm does not answer.
    """
    if not names:
        return 0
    query = ("squeue", "--noheader", "--me", "--name", ",".join(names), "--format", "%i")
    jobs = left = slurm(*query)  # jobs that end are listed too, until their last process has gone
    if jobs:
        slurm("scancel", *jobs)
    while left:
        time.sleep(POLL_SECONDS)
        left = slurm(*query)
    return len(jobs)
