"""The workflow on a real Slurm makes what one machine makes.

Apart from the faults, so that two workers of pytest-xdist wait side by side, each with a cluster of
its own: the executor looks at its jobs ten seconds later each time, and no setting says otherwise.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from idfsr.run.cluster import run_ids

from .cluster import Cluster
from .project import copy_sources, run_snakemake
from .slurm_run import (
    LONG,
    MODEL,
    Run,
    begin_training,
    copy_untrained,
    near_time_limit,
    preempt,
)

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(os.geteuid() != 0, reason="Slurm's nodes want root"),
]


@pytest.fixture(scope="module")
def two_process_run(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same training by two processes of this machine, of one thread each."""
    directory = copy_untrained(tiny_run, tmp_path_factory.mktemp("two") / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_GPUS_ON_NODE", "2")
        result = run_snakemake(directory, *LONG, "--", MODEL)
    assert result.returncode == 0, result.stdout + result.stderr
    return directory


def test_tables_are_those_of_one_machine(cluster: Cluster, tiny_run: Path, tmp_path: Path) -> None:
    copy_sources(tmp_path)
    Run(cluster, tmp_path, "--config", "identities_per_job=2").end(3600)
    for name in ("table1.csv", "table2.csv", "paired.csv", "conditions.csv"):
        table = Path("results/tiny/tables", name)
        assert (tmp_path / table).read_bytes() == (tiny_run / table).read_bytes()

    # GPU jobs, and they alone, were where the GPUs are.
    run_id, *_ = run_ids((tmp_path / ".snakemake/log").iterdir())
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


@pytest.mark.parametrize(
    ("fault", "num_nodes", "num_gpus"), [(near_time_limit, 2, 1), (preempt, 2, 1), (preempt, 1, 2)]
)
def test_training_on_several_gpus_is_that_of_as_many_processes(
    fault: Callable[[Cluster, dict[str, str]], None],
    num_nodes: int,
    num_gpus: int,
    cluster: Cluster,
    untrained: Path,
    two_process_run: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IDFSR_PRETRAIN_NODES", str(num_nodes))
    monkeypatch.setenv("IDFSR_PRETRAIN_GPUS", str(num_gpus))
    run, job = begin_training(cluster, untrained, "--set-threads", f"pretrain={num_gpus}")
    assert (job["node"] == "n[1-2]") == (num_nodes == 2)
    fault(cluster, job)
    run.end()
    assert (untrained / MODEL).read_bytes() == (two_process_run / MODEL).read_bytes()
    assert "pretrain: resumed at" in (untrained / "logs/tiny/pretrain.txt").read_text()
