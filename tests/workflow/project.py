"""A copy of the project that a test may change, and Snakemake run in it."""

import compileall
import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = (
    "Snakefile",
    "workflow",
    "idfsr",
    "snakemake_logger_plugin_idfsr",
    "config",
    "envs",
    "profiles",
    "slurm",
    "tests/workflow",
)


def run_snakemake(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Snakemake in a folder, with the package that lies in it."""
    environment = os.environ | {"PYTHONPATH": str(directory)}
    return subprocess.run(
        ["snakemake", "--cores", "2", *arguments],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def one_at_a_time(factory: pytest.TempPathFactory, name: str) -> Iterator[Path]:
    """Keep the other workers of pytest-xdist out, and yield a path that all of them share."""
    folder = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until it is closed
        yield folder / name


def copy_sources(directory: Path) -> None:
    """Copy what a run needs, compiled; the asset packages are linked.

    A run starts a hundred Pythons, each of which would compile the package anew where Python may
    not write. Copies of the copy keep the ages of the files, and with them what is compiled.
    """
    for name in SOURCES:
        source = ROOT / name
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    (directory / ".assets").symlink_to(ROOT / ".assets")
    compileall.compile_dir(directory / "idfsr", quiet=1)
