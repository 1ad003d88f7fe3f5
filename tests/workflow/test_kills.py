"""Kills at seeded moments, and plain reruns after them: the tables are those of a quiet run.

Three kills, one of a kind; IDFSR_KILLS=30 makes more, half of them in runs that begin with nothing.
"""

import os
import shutil
import signal
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import numpy as np
import psutil
import pytest

from .conftest import TINY
from .project import copy_sources, run_snakemake

pytestmark = pytest.mark.slow

LONG = (*TINY, "--config", "pretrain={num_images: 400, checkpoint_images: 20}")
NUM_KILLS = int(os.environ.get("IDFSR_KILLS", "3"))
FILES = (
    *(f"tables/{name}.csv" for name in ("table1", "table2", "paired", "conditions")),
    "pretrain/model.safetensors",
    "pretrain/stats.jsonl",
)


def kill_snakemake(snakemake: psutil.Popen) -> None:
    """Its jobs go on."""
    snakemake.kill()


def kill_worker(snakemake: psutil.Popen) -> None:
    """The youngest process of a job; none if there is no job at the moment."""
    jobs = [process for process in snakemake.children(recursive=True) if "idfsr" in words(process)]
    if jobs:
        max(jobs, key=psutil.Process.create_time).kill()
    else:
        snakemake.kill()


def words(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline()[:3])
    except psutil.Error:  # it has just ended
        return ""


def kill_everything(snakemake: psutil.Popen) -> None:
    """As a machine that goes down."""
    os.killpg(snakemake.pid, signal.SIGKILL)


KILLS: tuple[Callable[[psutil.Popen], None], ...] = (kill_snakemake, kill_worker, kill_everything)


def read_outputs(directory: Path) -> dict[str, bytes]:
    return {name: (directory / "results/tiny" / name).read_bytes() for name in FILES}


@pytest.fixture(scope="module")
def wanted(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run that nobody disturbs makes."""
    directory = shutil.copytree(
        tiny_run, tmp_path_factory.mktemp("quiet") / "project", symlinks=True
    )
    result = run_snakemake(directory, *LONG)
    assert result.returncode == 0, result.stdout + result.stderr
    assert not (directory / "results/tiny/pretrain/state").exists()
    return read_outputs(directory)


def start(directory: Path) -> psutil.Popen:
    with (directory / "output.txt").open("a") as output:
        return psutil.Popen(
            ["snakemake", "--cores", "2", *LONG],
            cwd=directory,
            env=os.environ | {"PYTHONPATH": str(directory)},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def test_plain_reruns_after_kills_end_with_the_same_tables(
    wanted: dict[str, bytes], tiny_run: Path, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    num_kills, num_runs = 0, 0
    kills = cycle(KILLS)
    while num_kills < NUM_KILLS:
        directory = tmp_path / f"run-{num_runs}"
        if num_runs % 2 == 0:
            shutil.copytree(tiny_run, directory, symlinks=True)
        else:
            copy_sources(directory)
        num_runs += 1
        while (snakemake := start(directory)) is not None:
            seconds = float(rng.uniform(4, 30)) if num_kills < NUM_KILLS else None
            try:
                status = snakemake.wait(seconds)
            except psutil.TimeoutExpired:
                kill = next(kills)
                kill(snakemake)
                status = snakemake.wait()
                num_kills += 1
                print(f"run {num_runs}: {kill.__name__} after {seconds:.1f} s: {status}")  # noqa: T201
                continue
            assert status == 0, (directory / "output.txt").read_text()
            break
        assert read_outputs(directory) == wanted, num_runs
        assert not (directory / "results/tiny/pretrain/state").exists()


def test_outputs_of_a_finished_training_that_snakemake_deletes_come_back_at_once(
    wanted: dict[str, bytes], tiny_run: Path, tmp_path: Path
) -> None:
    """Snakemake is killed, its training ends; the next one deletes what nobody saw being done."""
    directory = shutil.copytree(tiny_run, tmp_path / "project", symlinks=True)
    snakemake = start(directory)
    state = directory / "results/tiny/pretrain/state"
    while not (state / "state.pt").is_file():
        assert snakemake.poll() is None, (directory / "output.txt").read_text()
    snakemake.kill()
    snakemake.wait()
    while not (state / "finished.json").is_file():
        assert (state / "lock").exists() or (state / "finished.json").is_file()
    model = "results/tiny/pretrain/model.safetensors"
    result = run_snakemake(directory, *LONG, "--", model)
    assert result.returncode == 0, result.stdout + result.stderr
    log = (directory / "logs/tiny/pretrain.txt").read_text()
    assert "pretrain: resumed at 400 images" in log
    assert (directory / model).read_bytes() == wanted["pretrain/model.safetensors"]
    assert not state.exists()


def test_a_live_snakemake_is_answered_with_who_it_is(tiny_run: Path, tmp_path: Path) -> None:
    directory = shutil.copytree(tiny_run, tmp_path / "project", symlinks=True)
    snakemake = start(directory)
    state = directory / "results/tiny/pretrain/state/state.pt"
    while not state.is_file():
        assert snakemake.poll() is None, (directory / "output.txt").read_text()
    result = run_snakemake(directory, *LONG)
    assert result.returncode == 1
    lines = (result.stdout + result.stderr).splitlines()
    message = f".snakemake/at-work: found in use by process {snakemake.pid} on "
    assert sum(line.startswith(message) for line in lines) == 1
    kill_everything(snakemake)
    snakemake.wait()
