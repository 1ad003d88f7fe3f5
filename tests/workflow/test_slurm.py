"""What befalls a run on a real Slurm: cancelled fits, a killed Snakemake, wrong names."""

import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest

from .cluster import Cluster, wait_until
from .slurm_run import (
    FITS,
    LONG,
    MODEL,
    PROFILE,
    STATE,
    Run,
    begin_training,
    copy_run,
)

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(os.geteuid() != 0, reason="Slurm's nodes want root"),
]


def test_cancelled_fit_is_made_again(cluster: Cluster, long_run: Path, tmp_path: Path) -> None:
    directory = copy_run(long_run, tmp_path / "project")
    shutil.rmtree(directory / "results/tiny/fit")
    log = directory / "logs/tiny/fit/x8/batch-00000.txt"
    log.unlink()
    run = Run(cluster, directory, *LONG, "--", FITS)
    wait_until(lambda: log.is_file() and "fit:" in log.read_text(), "the fit to begin", 900)
    (job,) = cluster.running("fit_batch")
    cluster.run("scancel", job["id"])
    output = run.end()
    assert (directory / FITS).read_bytes() == (long_run / FITS).read_bytes()
    assert {job["state"] for job in cluster.jobs() if "fit_batch" in job["rule"]} >= {
        "CANCELLED", "COMPLETED"
    }  # fmt: skip
    # The cluster keeps no accounts: that is said once, and jobs are followed all the same.
    assert output.count("Unable to guess SLURM account. Trying to proceed without.") == 1


def test_plain_rerun_after_a_kill_ends_what_was_left_and_no_file_has_two_writers(
    cluster: Cluster, long_run: Path, untrained: Path
) -> None:
    run, job = begin_training(cluster, untrained)
    run.kill()
    assert cluster.running("pretrain") == [job]  # the job does not notice

    most_running = 0
    ended = threading.Event()

    def watch() -> None:
        nonlocal most_running
        while not ended.is_set():
            writers = cluster.jobs("RUNNING", "COMPLETING")
            most_running = max(most_running, len(writers))
            time.sleep(0.2)

    watcher = threading.Thread(target=watch)
    watcher.start()
    output = Run(cluster, untrained, *LONG, "--", MODEL).end()
    ended.set()
    watcher.join()
    assert "1 Slurm jobs of a killed Snakemake ended" in output.splitlines()
    assert any(other["id"] == job["id"] for other in cluster.jobs("CANCELLED"))
    assert "pretrain: resumed at" in (untrained / "logs/tiny/pretrain.txt").read_text()
    assert most_running == 1
    assert not (untrained / STATE).parent.exists()
    assert (untrained / MODEL).read_bytes() == (long_run / MODEL).read_bytes()


def test_wrong_partition_is_named_before_any_job(cluster: Cluster, untrained: Path) -> None:
    before = cluster.jobs()
    environment = cluster.environment | {
        "PYTHONPATH": str(untrained), "IDFSR_GPU_PARTITION": "gpus"
    }  # fmt: skip
    result = subprocess.run(
        ["snakemake", *PROFILE, *LONG, "--retries", "0", "--", MODEL],
        cwd=untrained,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    message = "gpus: no such partition, wanted one of cpu, gpu, urgent"
    assert any(line.startswith(message) for line in (result.stdout + result.stderr).splitlines())
    assert cluster.jobs() == before
