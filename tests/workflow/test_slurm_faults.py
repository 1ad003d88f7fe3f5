"""A training on a real Slurm: after a fault without warning its model is that of a quiet run.

Faults of which Slurm warns stand in test_slurm_gpus.py.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from .cluster import Cluster, wait_until
from .slurm_run import disturb_training, start_at_once, suspend_training

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(os.geteuid() != 0, reason="Slurm's nodes want root"),
]


def scancel(cluster: Cluster, job: dict[str, str]) -> None:
    cluster.run("scancel", job["id"])


def hit_time_limit(cluster: Cluster, job: dict[str, str]) -> None:
    """Let the limit pass for a training that hangs and cannot answer the signal before it."""
    suspend_training(cluster)
    cluster.run("scontrol", "update", f"JobId={job['id']}", "TimeLimit=0:01")

    def has_timed_out() -> bool:
        return any(other["id"] == job["id"] for other in cluster.jobs("TIMEOUT"))

    wait_until(has_timed_out, "the job to time out", 300)


def lose_node(cluster: Cluster, job: dict[str, str]) -> None:
    """Kill the node; it comes back when the job runs on the other one.

    Slurm leaves two minutes between them, which the test is spared. A job that starts on a node
    while this tells the controller what it lost is killed, or the controller itself is.
    """
    cluster.kill_node(job["node"])
    start_at_once(cluster, job)
    wait_until(lambda: cluster.running("pretrain"), "the job to run on the other node")
    cluster.start_node(job["node"])


@pytest.mark.parametrize("fault", [scancel, hit_time_limit, lose_node])
def test_disturbed_training_goes_on(
    fault: Callable[[Cluster, dict[str, str]], None],
    cluster: Cluster,
    long_run: Path,
    untrained: Path,
) -> None:
    disturb_training(fault, cluster, untrained, long_run)
