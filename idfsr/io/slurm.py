"""Slurm's commands: what they print, and whether a job has ended."""

import subprocess

from idfsr.errors import IdfsrError


def slurm(*command: str) -> list[str]:
    """Run a Slurm command and return the lines that it prints.

    Raises:
        IdfsrError: There is no such command, or it fails.
    """
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    except FileNotFoundError:
        message = f"{command[0]}: no such command, wanted a machine with Slurm"
        raise IdfsrError(message) from None
    except subprocess.CalledProcessError as error:
        message = f"{command[0]}: {' '.join(error.stderr.split())}"
        raise IdfsrError(message) from None
    return result.stdout.splitlines()


def job_has_ended(job_id: str) -> bool:
    """Say whether Slurm knows that a job of this user does not run, or waits to run once more.

    Where Slurm does not answer it is False.
    """
    try:
        lines = slurm("squeue", "--noheader", "--me", "--format", "%A %T")
    except IdfsrError:
        return False
    states = dict(line.split() for line in lines)
    return states.get(job_id, "PENDING") == "PENDING"
