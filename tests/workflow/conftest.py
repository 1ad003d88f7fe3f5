"""The tiny run, made once on this machine."""

from pathlib import Path

import pytest

from .project import copy_sources, run_snakemake

TINY = ("--configfile", "tests/workflow/tiny.yaml")


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which the tiny run has ended; tests copy it and leave it alone."""
    directory = tmp_path_factory.mktemp("project")
    copy_sources(directory)
    result = run_snakemake(directory, *TINY)
    assert result.returncode == 0, result.stdout + result.stderr
    return directory
