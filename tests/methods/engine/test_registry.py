import dataclasses
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from idfsr import methods
from idfsr.errors import IdfsrError
from idfsr.io.places import WEIGHTS_VARIABLE
from idfsr.io.provenance import PACKAGE_DIR, module_closure
from idfsr.io.weights_list import MANIFEST
from idfsr.methods.engine.check import check_method
from idfsr.methods.engine.contract import Restorer
from idfsr.methods.engine.embedding import Embedding, save_embedding
from idfsr.methods.engine.registry import (
    _modules,
    find_method,
    load_method,
    method_modules,
    own_methods,
)
from idfsr.methods.idfsr.restore import IdfsrRestorer
from idfsr.models.checkpoint import save_model
from idfsr.models.idfsr import IDFSR
from idfsr.models.weights import model_digest
from idfsr.run.config import Config, stage_settings
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


def load(name: str, model: Path | None = None) -> Restorer:
    stage = stage_settings(Config(), f"restore-{name}")
    return load_method(name, stage, scale_factor=8, weights_list=MANIFEST, model=model)


def test_idfsr_before_and_after_the_fit(model: Path, embedding: Embedding) -> None:
    path = model.with_name("embedding.safetensors")
    save_embedding(path, embedding)
    pretrained = load("idfsr-pt", model)
    fitted = load("idfsr-ft", model).fitted(path, "a", 8)
    assert isinstance(pretrained, IdfsrRestorer)
    assert isinstance(fitted, IdfsrRestorer)
    assert pretrained.fitted_z_id is None
    assert not pretrained.with_mean
    assert torch.equal(fitted.fitted_z_id, embedding.z_id)
    assert pretrained.model_digest == fitted.model_digest == model_digest(model)


def test_every_file_of_the_package_declares_methods_that_keep_the_contract() -> None:
    names = [method.name for module in _modules() for method in module.METHODS]
    assert len(names) == len(set(names)), "two methods of one name"
    assert set(names) == set(own_methods())
    folder = Path(methods.__path__[0])
    found = {path.stem for path in folder.iterdir() if path.suffix in ("", ".py")}
    wanted = found - {"__init__", "__pycache__", "engine"}
    assert {module.__name__.rpartition(".")[2] for module in _modules()} == wanted
    for method in own_methods().values():
        check_method(method)


def test_what_methods_say_is_read_without_torch() -> None:
    program = (
        "import sys; from idfsr.methods.engine.registry import own_methods; own_methods(); "
        "from idfsr.run.config import Config, stage_json; stage_json(Config(), 'restore-dr2'); "
        "print({'torch', 'matplotlib', 'pandas', 'spandrel'} & {*sys.modules})"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"


def test_a_methods_files_are_in_the_code_of_its_own_jobs_only() -> None:
    closures = {
        name: {*module_closure("idfsr.stages.restore_people")}.union(
            *map(module_closure, method_modules(name))
        )
        for name in own_methods()
    }
    for path in (PACKAGE_DIR / "methods").rglob("*.py"):
        parts = path.relative_to(PACKAGE_DIR.parent).with_suffix("").parts
        module = ".".join(parts).removesuffix(".__init__")
        if module == "idfsr.methods" or parts[2] == "engine":
            continue
        owner = f"idfsr.methods.{parts[2]}"
        owners = {name for name in own_methods() if owner in method_modules(name)}
        assert {name for name, code in closures.items() if module in code} == owners, module


def test_the_floor_needs_no_code_of_networks() -> None:
    code = {
        *module_closure("idfsr.stages.restore_people"),
        *module_closure("idfsr.methods.bicubic"),
    }
    assert not {name for name in code if name.startswith(("idfsr.diffusion", "idfsr.models.unet"))}


def test_a_method_of_another_package_stands_in_no_module_of_this_one() -> None:
    assert method_modules("sharpen") == ()
    assert method_modules("dr2", "idfsr-ft") == ("idfsr.methods.dr2", "idfsr.methods.idfsr")


def test_unknown_method_is_named() -> None:
    with pytest.raises(IdfsrError, match="found 'bilinear', wanted one of asffnet, "):
        find_method("bilinear")


def test_missing_weights_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_weights = dataclasses.replace(find_method("bicubic"), weights=("alexnet",))
    monkeypatch.setitem(own_methods(), "bicubic", with_weights)
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(tmp_path))
    with pytest.raises(
        IdfsrError, match=r"alexnet-owt-7be5be79.pth: no such file, wanted for bicubic"
    ):
        load("bicubic")


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"w": 2}, r"codeformer: method\.w: Input should be less than or equal to 1, found 2"),
        ({"tau": 3}, r"codeformer: method\.tau: Unexpected keyword argument"),
    ],
)
def test_settings_of_another_method_are_refused(own: dict[str, int], words: str) -> None:
    stage = dataclasses.replace(stage_settings(Config(), "restore-codeformer"), method=own)
    with pytest.raises(IdfsrError, match=words):
        load_method("codeformer", stage, scale_factor=8, weights_list=MANIFEST, model=None)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("nowhere", "method own: entry point nowhere: No module named 'nowhere'"),
        ("idfsr.errors", "entry point idfsr.errors: .* has no attribute 'METHODS'"),
        ("idfsr.methods.pgdiff", "wanted a module whose METHODS has a Method of that name"),
    ],
)
def test_broken_plugins_are_named(
    install_plugin: Callable[..., None], target: str, words: str
) -> None:
    install_plugin("own", target)
    with pytest.raises(IdfsrError, match=words):
        find_method("own")


@pytest.mark.parametrize(
    ("field", "value"), [("identity", "b"), ("scale_factor", 16), ("model_digest", "0")]
)
def test_embedding_of_something_else_is_refused(
    model: Path, embedding: Embedding, field: str, value: str | int
) -> None:
    path = model.with_name("embedding.safetensors")
    save_embedding(path, dataclasses.replace(embedding, **{field: value}))
    with pytest.raises(IdfsrError, match=f"embedding.safetensors: found {field} {value}, wanted"):
        load("idfsr-ft", model).fitted(path, "a", 8)
