"""A training on a real Slurm that is warned of its end, on one and on several GPUs and nodes.

Its model is that of as many processes of this machine.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from .cluster import Cluster
from .project import run_snakemake
from .slurm_run import (
    LONG,
    MODEL,
    copy_untrained,
    disturb_training,
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


@pytest.mark.parametrize("fault", [near_time_limit, preempt])
def test_training_on_one_gpu_goes_on(
    fault: Callable[[Cluster, dict[str, str]], None],
    cluster: Cluster,
    long_run: Path,
    untrained: Path,
) -> None:
    disturb_training(fault, cluster, untrained, long_run)


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
    threads = ("--set-threads", f"pretrain={num_gpus}")
    job = disturb_training(fault, cluster, untrained, two_process_run, *threads)
    assert (job["node"] == "n[1-2]") == (num_nodes == 2)
