"""Kills at seeded moments, and plain reruns after them: the tables are those of a quiet run.

Three kills, one of a kind. IDFSR_KILLS=30 makes more of them, also in runs that begin with nothing.
"""

import os
import shutil
import signal
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import numpy as np
import psutil
import pytest

from .project import copy_sources, run_snakemake

pytestmark = pytest.mark.slow

TABLES = tuple(f"results/tiny/tables/table{number}.csv" for number in (1, 2))
MODEL = "results/tiny/pretrain/model.safetensors"
STATE = Path("results/tiny/pretrain/state")
TARGETS = (
    *("--configfile", "tests/workflow/tiny.yaml"),
    *("--config", "pretrain={num_images: 400, checkpoint_images: 20, sample_images: 200}"),
    *("methods=[bicubic,idfsr-ft]", "shards={scale_factors: [8]}", "--", *TABLES),
)
NUM_KILLS = int(os.environ.get("IDFSR_KILLS", "3"))
SECONDS = (3.0, 25.0)
"""How long a Snakemake works until it is killed, at least and at most."""


def words(process: psutil.Process) -> str:
    """Return the beginning of a command line; nothing of a process that has just ended."""
    try:
        return " ".join(process.cmdline()[:3])
    except psutil.Error:
        return ""


def kill_snakemake(snakemake: psutil.Popen) -> None:
    """Its jobs go on."""
    snakemake.kill()


def kill_worker(snakemake: psutil.Popen) -> None:
    """The youngest process of a job, once there is one."""
    while snakemake.poll() is None:
        for process in reversed(snakemake.children(recursive=True)):
            if "/idfsr" in words(process):
                process.kill()
                return
        time.sleep(0.05)


def kill_everything(snakemake: psutil.Popen) -> None:
    """As where a machine goes down."""
    os.killpg(snakemake.pid, signal.SIGKILL)


KILLS: tuple[Callable[[psutil.Popen], None], ...] = (kill_snakemake, kill_worker, kill_everything)


def read_outputs(directory: Path) -> dict[str, bytes]:
    names = (*TABLES, MODEL, "results/tiny/pretrain/stats.jsonl")
    return {name: (directory / name).read_bytes() for name in names}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody disturbs."""
    directory = tmp_path_factory.mktemp("quiet")
    copy_sources(directory)
    result = run_snakemake(directory, *TARGETS)
    assert result.returncode == 0, result.stdout + result.stderr
    assert not (directory / STATE).exists()
    return directory


def copy_untrained(quiet: Path, directory: Path) -> Path:
    """Copy it up to the shards."""
    shutil.copytree(quiet, directory, symlinks=True)
    for name in ("pretrain", "fit", "restored", "features", "scores", "metrics", "tables"):
        shutil.rmtree(directory / "results/tiny" / name)
    return directory


def start(directory: Path) -> psutil.Popen:
    with (directory / "output.txt").open("a") as output:
        return psutil.Popen(
            ["snakemake", "--cores", "2", *TARGETS],
            cwd=directory,
            env=os.environ | {"PYTHONPATH": str(directory)},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def start_and_wait_for(file: Path, directory: Path) -> psutil.Popen:
    """Start Snakemake, and return when a file of the run is there."""
    snakemake = start(directory)
    while not (directory / file).is_file():
        assert snakemake.poll() is None, (directory / "output.txt").read_text()
        time.sleep(0.02)
    return snakemake


def test_plain_reruns_after_kills_end_with_the_same_tables(quiet: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    kills = cycle(KILLS)
    num_kills = num_runs = 0
    while num_kills < NUM_KILLS:
        directory = tmp_path / f"run-{num_runs}"
        if num_runs % 2 == 0:
            copy_untrained(quiet, directory)
        else:
            directory.mkdir()
            copy_sources(directory)
        has_ended = False
        while not has_ended:
            snakemake = start(directory)
            seconds = float(rng.uniform(*SECONDS)) if num_kills < NUM_KILLS else None
            try:
                status = snakemake.wait(seconds)
            except psutil.TimeoutExpired:
                kill = next(kills)
                kill(snakemake)
                num_kills += 1
                status = snakemake.wait()
                with (directory / "output.txt").open("a") as output:
                    output.write(f"\n{num_kills}. {kill.__name__}, {seconds:.1f} s: {status}\n")
            else:
                has_ended = True
                assert status == 0, (directory / "output.txt").read_text()
        assert read_outputs(directory) == read_outputs(quiet)
        assert not (directory / STATE).exists()
        num_runs += 1


def test_a_second_snakemake_is_refused_and_what_the_first_deletes_comes_back_at_once(
    quiet: Path, tmp_path: Path
) -> None:
    """The first is killed and its training ends; the next deletes what nobody saw being done."""
    directory = copy_untrained(quiet, tmp_path / "project")
    snakemake = start_and_wait_for(STATE / "state.pt", directory)
    second = run_snakemake(directory, *TARGETS)
    assert second.returncode == 1
    lines = (second.stdout + second.stderr).splitlines()
    message = f".snakemake/at-work: found in use by process {snakemake.pid} on "
    assert [line for line in lines if line.startswith(message)], lines

    snakemake.kill()
    snakemake.wait()
    while not (directory / STATE / "finished.json").is_file():
        time.sleep(0.1)
    result = run_snakemake(directory, *TARGETS)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "pretrain: resumed at 400 images" in (directory / "logs/tiny/pretrain.txt").read_text()
    assert read_outputs(directory) == read_outputs(quiet)
    assert not (directory / STATE).exists()
