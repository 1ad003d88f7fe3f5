import dataclasses
from pathlib import Path

import pytest
import torch

from idfsr.errors import IdfsrError
from idfsr.methods.engine.embedding import Embedding, load_embedding, save_embedding
from idfsr.models.weights import save_tensors

EMBEDDING = Embedding(
    z_id=torch.arange(512.0),
    identity="00082",
    scale_factor=16,
    model_digest="0123456789abcdef",
    config={"num_steps": 1},
)


def test_round_trip(tmp_path: Path) -> None:
    save_embedding(tmp_path / "e.safetensors", EMBEDDING)
    loaded = load_embedding(tmp_path / "e.safetensors")
    assert torch.equal(loaded.z_id, EMBEDDING.z_id)
    for field in dataclasses.fields(Embedding)[1:]:
        assert getattr(loaded, field.name) == getattr(EMBEDDING, field.name)


def test_same_bytes_each_time(tmp_path: Path) -> None:
    for name in "abcdef":
        save_embedding(tmp_path / name, EMBEDDING)
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1


@pytest.mark.parametrize("tensors", [{"z_id": torch.zeros(4)}, {"weight": torch.zeros(512)}, {}])
def test_other_files_are_refused(tmp_path: Path, tensors: dict[str, torch.Tensor]) -> None:
    save_tensors(tmp_path / "e.safetensors", tensors, {"identity": "a"})
    with pytest.raises(IdfsrError, match=r"e\.safetensors: found \d tensors, wanted z_id"):
        load_embedding(tmp_path / "e.safetensors")
