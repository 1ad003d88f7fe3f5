"""Two nodes of Slurm, one folder: who may train in it."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .cluster import NODES, Cluster, wait_until
from .project import ROOT

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(os.geteuid() != 0, reason="Slurm's nodes want root"),
]

HOLD = """
import sys, time
from pathlib import Path
from idfsr.io.lock import take

take(Path(sys.argv[1]) / "state/lock")
Path(sys.argv[1], f"held-{sys.argv[2]}").touch()
time.sleep(600)
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    subprocess.run([ROOT / "tests/workflow/slurm/install.sh"], check=True)
    cluster = Cluster(tmp_path_factory.mktemp("locks"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def submit(cluster: Cluster, folder: Path, node: str, name: str) -> str:
    """Submit a job that takes the lock on one node and keeps it; return its id."""
    (folder / "hold.py").write_text(HOLD)
    job = cluster.run(
        "sbatch", "--parsable", "--partition=gpu", f"--nodelist={node}", "--requeue",
        f"--output={folder / name}.txt", "--open-mode=append",
        f"--export=ALL,PYTHONPATH={ROOT}",
        "--wrap", f"exec python {folder / 'hold.py'} {folder} {name}",
    )  # fmt: skip
    return job.strip()


def state_of(cluster: Cluster, job: str) -> str:
    return next(other["state"] for other in cluster.jobs() if other["id"] == job)


def test_another_node_waits_for_the_end_of_the_first_and_no_longer(
    cluster: Cluster, tmp_path: Path
) -> None:
    first = submit(cluster, tmp_path, NODES[0], "first")
    wait_until((tmp_path / "held-first").exists, "the first job to take the lock")
    second = submit(cluster, tmp_path, NODES[1], "second")
    wait_until(lambda: state_of(cluster, second) == "FAILED", "the second job to be refused")
    text = (tmp_path / "second.txt").read_text()
    assert f" on {NODES[0]} since " in text
    assert f", Slurm job {first}" in text

    # killed: its heartbeat is young, but Slurm knows that the job has ended
    cluster.run("scancel", "--signal=KILL", "--full", first)
    wait_until(lambda: not cluster.jobs("RUNNING", "COMPLETING"), "the first job to end")
    assert list((tmp_path / "state/lock").iterdir())
    third = submit(cluster, tmp_path, NODES[1], "third")
    wait_until((tmp_path / "held-third").exists, "the third job to take the lock")
    cluster.run("scancel", third)


def test_a_job_that_is_queued_again_takes_its_own_lock_on_another_node(
    cluster: Cluster, tmp_path: Path
) -> None:
    job = submit(cluster, tmp_path, NODES[0], "job")
    wait_until((tmp_path / "held-job").exists, "the job to take the lock")
    (tmp_path / "held-job").unlink()
    cluster.kill_node(NODES[0])
    wait_until(lambda: state_of(cluster, job) == "PENDING", "the job to be queued again")
    cluster.run("scontrol", "update", f"JobId={job}", "StartTime=now", f"ReqNodeList={NODES[1]}")
    wait_until((tmp_path / "held-job").exists, "the job to take its lock again")
    cluster.start_node(NODES[0])
    cluster.run("scancel", job)
