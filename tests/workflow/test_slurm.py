"""The workflow on a real Slurm: the tables of one machine, and the same after every fault."""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from idfsr.run.cluster import run_ids

from .cluster import NODES, Cluster, wait_until
from .project import ROOT, copy_sources, one_at_a_time, run_snakemake

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(os.geteuid() != 0, reason="Slurm's nodes want root"),
]

# The executor looks at its jobs ten seconds later each time, and no setting of it says otherwise.
# So two workers of pytest-xdist wait at once, each with a cluster of its own and one of the long
# trainings to compare with.
ONE_PROCESS = pytest.mark.xdist_group("slurm-one-process")
TWO_PROCESSES = pytest.mark.xdist_group("slurm-two-processes")

PROFILE = ("--profile", "slurm", "--profile", "tests/workflow/slurm")
LONG = ("--configfile", "tests/workflow/tiny.yaml", "tests/workflow/slurm/long.yaml")
MODEL = "results/tiny/pretrain/model.safetensors"
STATE = "results/tiny/pretrain/state/state.pt"
LIST = "results/tiny/fit/x8/batch-00000.tsv"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster, which needs Debian's packages."""
    with one_at_a_time(tmp_path_factory, "install"):
        subprocess.run([ROOT / "tests/workflow/slurm/install.sh"], check=True)
    cluster = Cluster(tmp_path_factory.mktemp("slurm"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


class Run:
    """Snakemake in a copy of the project, its jobs on the cluster.

    Attributes:
        process: Snakemake.
    """

    def __init__(self, cluster: Cluster, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            ["snakemake", *PROFILE, *arguments],
            cwd=folder,
            env=cluster.environment | {"PYTHONPATH": str(folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def end(self, seconds: float = 1800) -> str:
        """Wait until Snakemake has ended well, and return what it printed."""
        output, _ = self.process.communicate(timeout=seconds)
        assert self.process.returncode == 0, output
        return output

    def kill(self) -> None:
        """End Snakemake at once; its jobs on the cluster do not notice."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def copy_run(source: Path, directory: Path) -> Path:
    """Copy a project with its results; the ages of the files stay."""
    return shutil.copytree(source, directory, symlinks=True, dirs_exist_ok=True)


@pytest.fixture(scope="module")
def long_run(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training and fits of some length, made on this machine."""
    directory = copy_run(tiny_run, tmp_path_factory.mktemp("long") / "project")
    result = run_snakemake(directory, *LONG, "--config", "identities_per_job=2", "--", MODEL, LIST)
    assert result.returncode == 0, result.stdout + result.stderr
    return directory


def copy_untrained(source: Path, directory: Path) -> Path:
    """Copy a project with its results up to the shards."""
    copy_run(source, directory)
    for name in ("pretrain", "fit", "restored"):
        shutil.rmtree(directory / "results/tiny" / name)
    return directory


@pytest.fixture(scope="module")
def two_process_run(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same training by two processes of this machine, of one thread each."""
    directory = copy_untrained(tiny_run, tmp_path_factory.mktemp("two") / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_GPUS_ON_NODE", "2")
        result = run_snakemake(directory, *LONG, "--", MODEL)
    assert result.returncode == 0, result.stdout + result.stderr
    return directory


@pytest.fixture
def untrained(tiny_run: Path, tmp_path: Path) -> Path:
    """The tiny run up to its shards."""
    return copy_untrained(tiny_run, tmp_path / "project")


def begin_training(cluster: Cluster, folder: Path, *options: str) -> tuple[Run, dict[str, str]]:
    """Start the training on the cluster, wait for its first checkpoint, and return its job too."""
    run = Run(cluster, folder, *LONG, *options, "--", MODEL)
    wait_until((folder / STATE).is_file, "a checkpoint", 900)
    (job,) = cluster.running("pretrain")
    return run, job


def start_at_once(cluster: Cluster, job: dict[str, str]) -> None:
    """Wait until a job is back in the queue, and spare the test the two minutes after that."""
    wait_until(
        lambda: any(other["id"] == job["id"] for other in cluster.jobs("PENDING")),
        "the job to be queued again",
    )
    cluster.run("scontrol", "update", f"JobId={job['id']}", "StartTime=now")


def scancel(cluster: Cluster, job: dict[str, str]) -> None:
    cluster.run("scancel", job["id"])


def near_time_limit(cluster: Cluster, job: dict[str, str]) -> None:
    """Leave the job five minutes: the profile wants a signal ten minutes before the end."""
    soon = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(time.time() + 300))
    cluster.run("scontrol", "update", f"JobId={job['id']}", f"EndTime={soon}")


def hit_time_limit(cluster: Cluster, job: dict[str, str]) -> None:
    """Let the limit pass for a training that hangs and cannot answer the signal before it."""
    for process in psutil.process_iter(["cmdline", "environ"]):
        environment = process.info["environ"] or {}
        in_job = environment.get("SLURM_CONF") == str(cluster.conf)
        if in_job and "pretrain" in (process.info["cmdline"] or []):
            process.suspend()
    cluster.run("scontrol", "update", f"JobId={job['id']}", "TimeLimit=0:01")

    def has_timed_out() -> bool:
        return any(other["id"] == job["id"] for other in cluster.jobs("TIMEOUT"))

    wait_until(has_timed_out, "the job to time out", 300)


def preempt(cluster: Cluster, job: dict[str, str]) -> None:
    """Let a job of higher priority take both nodes."""
    cluster.run(
        "sbatch", "-p", "urgent", "-N", str(len(NODES)), "--exclusive",
        "--output", "/dev/null", "--wrap", "sleep 1",
    )  # fmt: skip
    start_at_once(cluster, job)


def lose_node(cluster: Cluster, job: dict[str, str]) -> None:
    cluster.kill_node(job["node"])
    start_at_once(cluster, job)
    cluster.start_node(job["node"])


@TWO_PROCESSES
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
        f"rule_{name}" for name in ("lr_detector", "pretrain", "fit_batch", "restore_batch")
    }
    bicubic = [
        job
        for job in jobs
        if job["rule"].startswith("rule_restore_batch") and "bicubic" in job["rule"]
    ]
    assert {job["partition"] for job in bicubic} == {"cpu"}


@ONE_PROCESS
@pytest.mark.parametrize("fault", [scancel, near_time_limit, hit_time_limit, preempt, lose_node])
def test_disturbed_training_goes_on(
    fault: Callable[[Cluster, dict[str, str]], None],
    cluster: Cluster,
    long_run: Path,
    untrained: Path,
) -> None:
    run, job = begin_training(cluster, untrained)
    fault(cluster, job)
    run.end()
    assert (untrained / MODEL).read_bytes() == (long_run / MODEL).read_bytes()
    assert "pretrain: resumed at" in (untrained / "logs/tiny/pretrain.txt").read_text()


@TWO_PROCESSES
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


@ONE_PROCESS
def test_cancelled_fit_is_made_again(cluster: Cluster, long_run: Path, tmp_path: Path) -> None:
    directory = copy_run(long_run, tmp_path / "project")
    shutil.rmtree(directory / "results/tiny/fit")
    log = directory / "logs/tiny/fit/x8/batch-00000.txt"
    log.unlink()
    run = Run(cluster, directory, *LONG, "--config", "identities_per_job=2", "--", LIST)
    wait_until(lambda: log.is_file() and "fit:" in log.read_text(), "the fit to begin", 900)
    (job,) = cluster.running("fit_batch")
    scancel(cluster, job)
    output = run.end()
    assert (directory / LIST).read_bytes() == (long_run / LIST).read_bytes()
    assert {job["state"] for job in cluster.jobs() if "fit_batch" in job["rule"]} >= {
        "CANCELLED", "COMPLETED"
    }  # fmt: skip
    # The cluster keeps no accounts: that is said once, and jobs are followed all the same.
    assert output.count("Unable to guess SLURM account. Trying to proceed without.") == 1


@ONE_PROCESS
def test_killed_snakemake_is_resumed_and_no_file_has_two_writers(
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
    result = subprocess.run(
        ["idfsr", "resume", "--", *PROFILE, *LONG, "--", MODEL],
        cwd=untrained,
        env=cluster.environment | {"PYTHONPATH": str(untrained)},
        capture_output=True,
        text=True,
        check=False,
    )
    ended.set()
    watcher.join()
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.startswith("1 jobs cancelled\n")
    assert most_running == 1
    assert (untrained / MODEL).read_bytes() == (long_run / MODEL).read_bytes()


@TWO_PROCESSES
def test_resume_leaves_a_snakemake_at_work_alone(cluster: Cluster, untrained: Path) -> None:
    run, job = begin_training(cluster, untrained)
    command = ["idfsr", "resume", "--", *PROFILE, *LONG]
    result = subprocess.run(
        command, cwd=untrained, env=cluster.environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert f"found Snakemake at work, process {run.process.pid}" in result.stderr
    assert cluster.running("pretrain") == [job]
    run.kill()
    cluster.cancel_all()


@TWO_PROCESSES
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
