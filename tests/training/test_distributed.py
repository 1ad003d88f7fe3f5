"""Other ways to the same step: two processes of torchrun, parts of a batch, a compiled network."""

import dataclasses
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from idfsr.config.pretrain import PretrainConfig
from idfsr.config.shards import ShardsConfig
from idfsr.io.texts import read_stats
from idfsr.main import main
from idfsr.models.checkpoint import load_idfsr
from idfsr.run.config import Config, stage_json

from .makers import TINY_MODEL, write_pretrain_shard

CONFIG = Config(
    model=dataclasses.replace(TINY_MODEL, dropout=0.0),
    shards=ShardsConfig(image_size=32),
    pretrain=PretrainConfig(
        num_images=24, batch_size=4, learning_rate=1e-3, condition_dropout=0.3, ema_decay=0.5
    ),
)


def arguments(folder: Path, name: str, **changes: Any) -> list[str]:
    settings = dataclasses.replace(CONFIG.pretrain, **changes)
    config = dataclasses.replace(CONFIG, pretrain=settings)
    (folder / f"{name}.json").write_text(stage_json(config, "pretrain"))
    return [
        "pretrain", "--config", str(folder / f"{name}.json"),
        "--shards", str(write_pretrain_shard(folder / "a.parquet")),
        "--state-dir", str(folder / name),
        "--model", str(folder / f"{name}.safetensors"), "--stats", str(folder / f"{name}.jsonl"),
        "--card", str(folder / f"{name}.md"), "--threads", "1",
    ]  # fmt: skip


def assert_same_training(folder: Path, first: str, second: str) -> None:
    """Losses, norms of gradients and averaged weights are those of the other, but for rounding."""
    curves = [read_stats(folder / f"{name}.jsonl") for name in (first, second)]
    assert len(curves[0]) == 6
    for row, other in zip(*curves, strict=True):
        assert row == pytest.approx(other, rel=1e-4)
    states = [load_idfsr(folder / f"{name}.safetensors").state_dict() for name in (first, second)]
    for key, tensor in states[0].items():
        torch.testing.assert_close(tensor, states[1][key], rtol=0, atol=1e-3, msg=key)


def test_accumulated_gradients_are_those_of_the_batch(tmp_path: Path) -> None:
    main(arguments(tmp_path, "whole"))
    main(arguments(tmp_path, "parts", micro_batch_size=3))
    assert_same_training(tmp_path, "whole", "parts")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_compiled_network_trains_as_it_is_written(tmp_path: Path) -> None:
    main(arguments(tmp_path, "plain"))
    subprocess.run(
        [
            sys.executable, "-m", "idfsr.main",
            *arguments(tmp_path, "compiled", compile=True),
        ],
        check=True,
        capture_output=True,
        timeout=300,
    )  # fmt: skip
    assert_same_training(tmp_path, "plain", "compiled")


@pytest.mark.slow
def test_two_processes_are_one_with_the_whole_batch(tmp_path: Path) -> None:
    main(arguments(tmp_path, "one"))
    subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2",
            "--standalone", "-m", "idfsr.main", *arguments(tmp_path, "two"),
        ],
        check=True,
        capture_output=True,
        timeout=300,
    )  # fmt: skip
    assert_same_training(tmp_path, "one", "two")
