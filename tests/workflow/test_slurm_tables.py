"""The whole workflow on a real Slurm: the same tables as on one machine.

Each file of Slurm's tests has a cluster of its own, so that workers of pytest-xdist wait side by
side: the executor looks at its jobs ten seconds later each time, and no setting says otherwise.
"""

import os
import shutil
from pathlib import Path

import pytest

from idfsr.run.cluster import run_ids

from .cluster import Cluster
from .conftest import TINY
from .project import copy_sources, run_snakemake
from .slurm_run import Run

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(os.geteuid() != 0, reason="Slurm's nodes want root"),
]

SETTINGS = ("--config", "methods=[bicubic, codeformer, idfsr-ft]")
"""A method on CPUs, another's and ours: each rule that goes to the cluster, at fewer jobs."""


def test_tables_are_those_of_one_machine(cluster: Cluster, tiny_run: Path, tmp_path: Path) -> None:
    directory = tmp_path / "cluster"
    directory.mkdir()
    copy_sources(directory)
    Run(cluster, directory, *SETTINGS).end(3600)
    one_machine = shutil.copytree(tiny_run, tmp_path / "one-machine", symlinks=True)
    tables = [
        f"results/tiny/tables/{name}.csv" for name in ("table1", "table2", "paired", "conditions")
    ]
    result = run_snakemake(one_machine, *TINY, *SETTINGS, "--", *tables)
    assert result.returncode == 0, result.stdout + result.stderr
    for table in tables:
        assert (directory / table).read_bytes() == (one_machine / table).read_bytes()

    # GPU jobs, and they alone, were where the GPUs are.
    run_id, *_ = run_ids((directory / ".snakemake/log").iterdir())
    jobs = [job for job in cluster.jobs() if job["name"] == run_id]
    on_gpu = {job["rule"].split("_wildcards")[0] for job in jobs if job["partition"] == "gpu"}
    assert on_gpu == {
        f"rule_{name}"
        for name in ("lr_detector", "pretrain", "fit_batch", "restore_batch", "probes")
    }
    bicubic = [
        job
        for job in jobs
        if job["rule"].startswith("rule_restore_batch") and "bicubic" in job["rule"]
    ]
    assert {job["partition"] for job in bicubic} == {"cpu"}
