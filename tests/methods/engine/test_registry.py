import dataclasses
from pathlib import Path

import pytest
import torch

from idfsr.constants import IDFSR_METHODS, METHOD_NAMES
from idfsr.errors import IdfsrError
from idfsr.io.weights_list import FOLDER_VARIABLE, MANIFEST
from idfsr.methods.bicubic import Bicubic
from idfsr.methods.engine.check import check_class
from idfsr.methods.engine.embedding import Embedding, save_embedding
from idfsr.methods.engine.registry import BASELINES, find_baseline, make_baseline, make_idfsr
from idfsr.models.checkpoint import save_model
from idfsr.models.idfsr import IDFSR
from idfsr.models.weights import model_digest
from idfsr.run.config import Config, stage_settings
from tests.methods.plugin import install_plugin
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


def test_every_method_of_idfsr(model: Path, embedding: Embedding) -> None:
    path = model.with_name("embedding.safetensors")
    save_embedding(path, embedding)
    for name in IDFSR_METHODS:
        method = make_idfsr(name, stage_settings(Config(), "restore"), "a", 8, model, path)
        assert method.name == name
        assert method.model_digest == model_digest(model)


def test_every_method_of_the_tables_has_a_class() -> None:
    assert {*BASELINES, *IDFSR_METHODS} == set(METHOD_NAMES)
    for name, baseline in BASELINES.items():
        assert find_baseline(name) is baseline
        check_class(baseline)


def test_unknown_method_is_named() -> None:
    with pytest.raises(IdfsrError, match="found 'bilinear', wanted one of bicubic, "):
        find_baseline("bilinear")


def test_missing_weights_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bicubic, "weights", ("alexnet",))
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(IdfsrError, match=r"bicubic: no file .*alexnet-owt-7be5be79.pth, wanted fr"):
        make_baseline("bicubic", stage_settings(Config(), "restore"), 8, MANIFEST)


def test_model_is_wanted() -> None:
    with pytest.raises(IdfsrError, match="wanted --model FILE"):
        make_idfsr("idfsr-pt", stage_settings(Config(), "restore"), "a", 8, None, None)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("nowhere:Method", "method own: entry point nowhere:Method: No module named 'nowhere'"),
        ("idfsr.errors:Method", "has no attribute 'Method'"),
        ("idfsr.errors:IdfsrError", "wanted a Baseline of that name"),
        ("idfsr.methods.bicubic:Bicubic", "wanted a Baseline of that name"),
    ],
)
def test_broken_plugins_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, words: str
) -> None:
    install_plugin(tmp_path, monkeypatch, "own", target)
    with pytest.raises(IdfsrError, match=words):
        find_baseline("own")


def test_fitted_method_wants_an_embedding(model: Path) -> None:
    with pytest.raises(IdfsrError, match="wanted --embedding FILE"):
        make_idfsr("idfsr-ft", stage_settings(Config(), "restore"), "a", 8, model, None)


@pytest.mark.parametrize(
    ("field", "value"), [("identity", "b"), ("scale_factor", 16), ("model_digest", "0")]
)
def test_embedding_of_something_else_is_refused(
    model: Path, embedding: Embedding, field: str, value: str | int
) -> None:
    path = model.with_name("embedding.safetensors")
    save_embedding(path, dataclasses.replace(embedding, **{field: value}))
    with pytest.raises(IdfsrError, match=f"embedding.safetensors: found {field} {value}, wanted"):
        make_idfsr("idfsr-ft", stage_settings(Config(), "restore"), "a", 8, model, path)
