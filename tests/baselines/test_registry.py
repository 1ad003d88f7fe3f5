import dataclasses
from pathlib import Path

import pytest
import torch

from idfsr.baselines.embedding import Embedding, save_embedding
from idfsr.baselines.registry import make_method
from idfsr.config import Config
from idfsr.constants import METHOD_NAMES
from idfsr.errors import IdfsrError
from idfsr.models.checkpoint import save_model
from idfsr.models.idfsr import IDFSR
from idfsr.models.weights import model_digest
from tests.training.makers import TINY_MODEL


@pytest.fixture
def model(tmp_path: Path) -> Path:
    save_model(tmp_path / "model.safetensors", IDFSR(TINY_MODEL))
    return tmp_path / "model.safetensors"


@pytest.fixture
def embedding(model: Path) -> Embedding:
    return Embedding(
        z_id=torch.zeros(512),
        identity="a",
        scale_factor=8,
        model_digest=model_digest(model),
        config={},
    )


def test_every_method_of_the_tables(model: Path, embedding: Embedding) -> None:
    path = model.with_name("embedding.safetensors")
    save_embedding(path, embedding)
    for name in METHOD_NAMES:
        method = make_method(name, Config(), "a", 8, model, path)
        assert method.name == name
        assert method.model_digest == ("" if name == "bicubic" else model_digest(model))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("bilinear", "found 'bilinear', wanted one of bicubic, idfsr-pt, idfsr-ft"),
        ("idfsr-pt", "wanted --model FILE"),
    ],
)
def test_what_is_missing_is_named(name: str, words: str) -> None:
    with pytest.raises(IdfsrError, match=words):
        make_method(name, Config(), "a", 8, None, None)


def test_fitted_method_wants_an_embedding(model: Path) -> None:
    with pytest.raises(IdfsrError, match="wanted --embedding FILE"):
        make_method("idfsr-ft", Config(), "a", 8, model, None)


@pytest.mark.parametrize(
    ("field", "value"), [("identity", "b"), ("scale_factor", 16), ("model_digest", "0")]
)
def test_embedding_of_something_else_is_refused(
    model: Path, embedding: Embedding, field: str, value: str | int
) -> None:
    path = model.with_name("embedding.safetensors")
    save_embedding(path, dataclasses.replace(embedding, **{field: value}))
    with pytest.raises(IdfsrError, match=f"embedding.safetensors: found {field} {value}, wanted"):
        make_method("idfsr-ft", Config(), "a", 8, model, path)
