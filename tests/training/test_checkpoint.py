import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import torch

from idfsr.errors import IdfsrError
from idfsr.io.seals import append_digest
from idfsr.training.checkpoint import (
    TrainState,
    check_settings,
    read_state,
    save_state,
    state_writer,
)

CPU = torch.device("cpu")


def a_state() -> TrainState:
    return TrainState(
        settings={"pretrain.learning_rate": 0.1, "seed": 0, "model.mult": (1, 2)},
        module={"weight": torch.arange(3.0)},
        optimiser={"state": {}},
        ema={"weight": torch.zeros(3)},
        images_seen=64,
        stats_bytes=11,
        seconds=1.5,
    )


def test_round_trip(tmp_path: Path) -> None:
    save_state(tmp_path / "state.pt", a_state())
    loaded = read_state(tmp_path / "state.pt", CPU)
    assert loaded is not None
    assert torch.equal(loaded.module["weight"], torch.arange(3.0))
    assert (loaded.images_seen, loaded.stats_bytes, loaded.seconds) == (64, 11, 1.5)
    assert [path.name for path in tmp_path.iterdir()] == ["state.pt"]


def test_no_file_is_no_state(tmp_path: Path) -> None:
    assert read_state(tmp_path / "state.pt", CPU) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pretrain.learning_rate": 0.2}, "pretrain.learning_rate 0.1, wanted 0.2"),
        ({"init": "ab"}, "init None, wanted 'ab'"),
    ],
)
def test_other_settings_are_refused(tmp_path: Path, change: dict[str, object], words: str) -> None:
    with pytest.raises(IdfsrError, match=words):
        check_settings(tmp_path / "state.pt", a_state(), a_state().settings | change)


@pytest.mark.parametrize("content", [b"", b"no state", b"PK\x03\x04"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state.pt").write_bytes(content)
    with pytest.raises(IdfsrError, match=r"state\.pt: found .* remove it and run again"):
        read_state(tmp_path / "state.pt", CPU)


def test_nothing_is_unpickled_freely(tmp_path: Path) -> None:
    torch.save({"settings": Path("anything")}, tmp_path / "state.pt")
    append_digest(tmp_path / "state.pt")
    with pytest.raises(IdfsrError, match="found UnpicklingError"):
        read_state(tmp_path / "state.pt", CPU)


def test_writer_keeps_what_the_state_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The training changes its tensors in place while the thread has not begun to write."""
    begin = threading.Event()

    def save_late(path: Path, state: TrainState) -> None:
        assert begin.wait(60)
        save_state(path, state)

    monkeypatch.setattr("idfsr.training.checkpoint.save_state", save_late)
    state = a_state()
    with state_writer(tmp_path / "state.pt") as writer:
        writer.save(state)
        state.module["weight"].zero_()
        state.images_seen = 128
        assert not (tmp_path / "state.pt").exists()
        begin.set()
    loaded = read_state(tmp_path / "state.pt", CPU)
    assert loaded is not None
    assert torch.equal(loaded.module["weight"], torch.arange(3.0))
    assert loaded.images_seen == 64


def test_writer_that_fails_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        message = "no space left"
        raise OSError(message)

    monkeypatch.setattr("torch.save", fail)
    with (
        pytest.raises(OSError, match="no space left"),
        state_writer(tmp_path / "state.pt") as writer,
    ):
        writer.save(a_state())
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os, sys, signal, threading, time
from pathlib import Path
import torch
from idfsr.training.checkpoint import TrainState, state_writer

path = Path(sys.argv[1])
with state_writer(path) as writer:
    for images_seen in (32, 64):
        if images_seen == 64:
            writer.wait()
            real, torch.save = torch.save, lambda fields, file: (
                real(fields, file), os.truncate(file, 1000), os.kill(os.getpid(), signal.SIGKILL)
            )
        module = {"weight": torch.full((1000,), float(images_seen))}
        writer.save(
            TrainState(settings={}, module=module, optimiser={}, ema={}, images_seen=images_seen)
        )
"""


def test_kill_amid_writing_leaves_the_older_state(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    killed = subprocess.run([sys.executable, "-c", KILLED, path], check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert len(list(tmp_path.iterdir())) == 2
    state = read_state(path, CPU)
    assert state is not None
    assert state.images_seen == 32
    assert state.module["weight"].eq(32).all()
    with state_writer(path):
        assert [file.name for file in tmp_path.iterdir()] == ["state.pt"]
