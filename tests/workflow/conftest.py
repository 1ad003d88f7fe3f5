"""The tiny run, made once on this machine, and a cluster."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .cluster import Cluster
from .project import ROOT, copy_sources, one_at_a_time, run_snakemake
from .slurm_run import FITS, LONG, MODEL, copy_run, copy_untrained

TINY = ("--configfile", "tests/workflow/tiny.yaml")


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which the tiny run has ended; tests copy it and leave it alone."""
    with one_at_a_time(tmp_path_factory, "project") as directory:
        ended = directory.with_suffix(".ended")
        if not ended.exists():
            copy_sources(directory)
            result = run_snakemake(directory, *TINY)
            assert result.returncode == 0, result.stdout + result.stderr
            (directory / "shown.txt").write_text(result.stdout + result.stderr)
            ended.touch()
    return directory


@pytest.fixture(scope="session")
def long_run(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training and fits of some length, made once on this machine."""
    with one_at_a_time(tmp_path_factory, "long") as directory:
        ended = directory.with_suffix(".ended")
        if not ended.exists():
            copy_run(tiny_run, directory)
            result = run_snakemake(directory, *LONG, "--", MODEL, FITS)
            assert result.returncode == 0, result.stdout + result.stderr
            ended.touch()
    return directory


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster, which needs Debian's packages."""
    subprocess.run([ROOT / "tests/workflow/slurm/install.sh"], check=True)
    cluster = Cluster(tmp_path_factory.mktemp("slurm"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def untrained(tiny_run: Path, tmp_path: Path) -> Path:
    """The tiny run up to its shards."""
    return copy_untrained(tiny_run, tmp_path / "project")
