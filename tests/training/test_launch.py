"""What is read from Slurm's variables, and two processes that are asked to stop, and go on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from idfsr.config.pretrain import PretrainConfig
from idfsr.config.shards import ShardsConfig
from idfsr.run.config import Config, stage_json
from idfsr.training.launch import JobStep, read_step, srun_words
from idfsr.training.signals import EXIT_INTERRUPTED

from .makers import TINY_MODEL, write_pretrain_shard


def test_a_lone_process_is_one_of_one() -> None:
    step = read_step({})
    assert (step.num_nodes, step.node_rank, step.num_processes) == (1, 0, 1)


def test_a_step_of_two_nodes() -> None:
    step = read_step(
        {
            "SLURM_STEP_NUM_NODES": "2",
            "SLURM_NODEID": "1",
            "SLURM_GPUS_ON_NODE": "4",
            "SLURM_JOB_ID": "31234567",
            "SLURM_LAUNCH_NODE_IPADDR": "10.0.0.7",
        }
    )
    assert step == JobStep(
        num_nodes=2, node_rank=1, num_processes=4, job_id="31234567", address="10.0.0.7"
    )
    assert step.endpoint == "10.0.0.7:14567"


def test_srun_starts_one_agent_a_node() -> None:
    assert srun_words(2, 8) == [
        "srun", "--nodes=2", "--ntasks-per-node=1", "--cpus-per-task=8", "--wait=120",
    ]  # fmt: skip


def start(folder: Path, name: str) -> subprocess.Popen[str]:
    """Start a training in two processes."""
    pretrain = PretrainConfig(num_images=160, batch_size=4, checkpoint_images=8)
    config = Config(model=TINY_MODEL, shards=ShardsConfig(image_size=32), pretrain=pretrain)
    (folder / "pretrain.json").write_text(stage_json(config, "pretrain"))
    shard = folder / "a.parquet"
    if not shard.exists():
        write_pretrain_shard(shard)
    return subprocess.Popen(
        [
            sys.executable, "-m", "idfsr.main", "distribute", "--", "pretrain",
            "--config", str(folder / "pretrain.json"), "--shards", str(shard),
            "--state-dir", str(folder / name),
            "--model", str(folder / f"{name}.safetensors"),
            "--stats", str(folder / f"{name}.jsonl"), "--card", str(folder / f"{name}.md"),
        ],
        env=os.environ | {"SLURM_GPUS_ON_NODE": "2"},
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Return the exit status and what the training said."""
    _, error = process.communicate(timeout=300)
    return process.returncode, error


@pytest.mark.slow
def test_asked_to_stop_it_saves_and_goes_on(tmp_path: Path) -> None:
    assert end(start(tmp_path, "whole"))[0] == 0
    assert len((tmp_path / "whole.jsonl").read_text().splitlines()) == 40

    process = start(tmp_path, "stopped")
    while not (tmp_path / "stopped/state.pt").is_file():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    status, error = end(process)
    assert status == EXIT_INTERRUPTED, error
    assert "pretrain: stopped at " in error
    assert not (tmp_path / "stopped.safetensors").exists()

    status, error = end(start(tmp_path, "stopped"))
    assert status == 0, error
    assert "pretrain: resumed at " in error
    for suffix in (".safetensors", ".jsonl"):
        whole, stopped = (
            (tmp_path / f"{name}{suffix}").read_bytes() for name in ("whole", "stopped")
        )
        assert whole == stopped


@pytest.mark.slow
def test_a_mistake_keeps_its_status(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text("no shard")
    status, error = end(start(tmp_path, "bad"))
    assert status == 2
    assert "idfsr pretrain: error: " in error
