"""The tiny run, made once on this machine."""

from pathlib import Path

import pytest

from .project import copy_sources, one_at_a_time, run_snakemake

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
            ended.touch()
    return directory
