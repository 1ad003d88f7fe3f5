"""When, on what and with which code a run was made, and what its jobs have cost."""

import csv
import datetime as dt
import importlib.metadata
import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import psutil

from idfsr.errors import IdfsrError
from idfsr.io.provenance import PACKAGE_DIR
from idfsr.io.texts import write_json
from idfsr.run.progress import read_seconds

PACKAGES = (
    "idfsr",
    "snakemake",
    "torch",
    "torchvision",
    "numpy",
    "scipy",
    "pandas",
    "pillow",
    "opencv-contrib-python-headless",
)
"""Whose versions the page gives."""


def _output(*command: str) -> str:
    """Return what a command prints; empty where it is not installed or finds nothing."""
    if shutil.which(command[0]) is None:
        return ""
    # what is asked stands in this file
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return result.stdout.strip() if result.returncode == 0 else ""


def name_commit() -> str:
    """Return the Git commit of the package's checkout, or that it is none."""
    root = str(PACKAGE_DIR.parent)
    if Path(_output("git", "-C", root, "rev-parse", "--show-toplevel")) != PACKAGE_DIR.parent:
        return "not a Git checkout"
    commit = _output("git", "-C", root, "rev-parse", "HEAD")
    changed = _output("git", "-C", root, "status", "--porcelain", "--untracked-files=no")
    return f"{commit}, with changes" if changed else commit


def name_processor() -> str:
    """Return the processor's name as the system gives it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def describe_host() -> dict[str, Any]:
    """Describe the machine on which this runs."""
    gpus = _output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    return {
        "processor": name_processor(),
        "num_cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "gpus": gpus.splitlines(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def list_versions() -> dict[str, str]:
    """Return the versions of Python and of `PACKAGES`."""
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"Python": platform.python_version(), **versions}


FOLDER: Final = "benchmarks"
"""Of a run, in which Snakemake writes how long jobs took."""


def sum_benchmarks(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Sum up the time of jobs: an entry for each stage, scale factor and method.

    Args:
        paths: .../benchmarks/<stage>/..., as Snakemake writes them.

    Raises:
        IdfsrError: A file is something else.
    """
    costs: dict[str, dict[str, Any]] = {}
    for path in paths:
        *words, _ = path.with_suffix("").parts
        if FOLDER not in words:
            message = f"{path}: found no folder {FOLDER}/ above it, wanted a benchmark of a run"
            raise IdfsrError(message)
        work = "/".join(words[words.index(FOLDER) + 1 :]) or path.stem
        cost = costs.setdefault(work, {"work": work, "num_jobs": 0, "seconds": 0.0})
        cost["num_jobs"] += 1
        try:
            cost["seconds"] = round(cost["seconds"] + read_seconds(path), 2)
        except (ValueError, KeyError, TypeError, csv.Error) as error:
            message = f"{path}: found no column s of seconds, wanted a benchmark of Snakemake"
            raise IdfsrError(message) from error
    return list(costs.values())


def write_facts(benchmarks: Sequence[Path], path: Path) -> None:
    """Write the facts of a run that has just ended."""
    now = dt.datetime.now(dt.UTC)
    facts = {
        "finished": now.strftime("%Y-%m-%d %H:%M UTC"),
        "commit": name_commit(),
        "host": describe_host(),
        "versions": list_versions(),
        "costs": sum_benchmarks(benchmarks),
    }
    write_json(path, facts)
