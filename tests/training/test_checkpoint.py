from pathlib import Path

import pytest
import torch

from idfsr.errors import IdfsrError
from idfsr.training.checkpoint import TrainState, load_state, save_state

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
    loaded = load_state(tmp_path / "state.pt", a_state().settings, CPU)
    assert loaded is not None
    assert torch.equal(loaded.module["weight"], torch.arange(3.0))
    assert (loaded.images_seen, loaded.stats_bytes, loaded.seconds) == (64, 11, 1.5)
    assert [path.name for path in tmp_path.iterdir()] == ["state.pt"]


def test_no_file_is_no_state(tmp_path: Path) -> None:
    assert load_state(tmp_path / "state.pt", {}, CPU) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pretrain.learning_rate": 0.2}, "pretrain.learning_rate 0.1, wanted 0.2"),
        ({"init": "ab"}, "init None, wanted 'ab'"),
    ],
)
def test_other_settings_are_refused(tmp_path: Path, change: dict[str, object], words: str) -> None:
    save_state(tmp_path / "state.pt", a_state())
    with pytest.raises(IdfsrError, match=words):
        load_state(tmp_path / "state.pt", a_state().settings | change, CPU)


@pytest.mark.parametrize("content", [b"", b"no state", b"PK\x03\x04"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state.pt").write_bytes(content)
    with pytest.raises(IdfsrError, match=r"state\.pt: found .* wanted a training's state"):
        load_state(tmp_path / "state.pt", {}, CPU)


def test_nothing_is_unpickled_freely(tmp_path: Path) -> None:
    torch.save({"settings": Path("anything")}, tmp_path / "state.pt")
    with pytest.raises(IdfsrError, match="found UnpicklingError"):
        load_state(tmp_path / "state.pt", {}, CPU)
