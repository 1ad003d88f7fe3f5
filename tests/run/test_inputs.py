import dataclasses
import shutil
from pathlib import Path

import pytest

from idfsr.errors import IdfsrError
from idfsr.io.places import WEIGHTS_VARIABLE
from idfsr.io.weights_list import MANIFEST, read_manifest
from idfsr.methods.engine.registry import find_method, own_methods
from idfsr.run.config import parse_config
from idfsr.run.inputs import check_inputs


def test_missing_package_of_an_extra_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    wanting = dataclasses.replace(find_method("bicubic"), package="no_such_package")
    monkeypatch.setitem(own_methods(), "bicubic", wanting)
    with pytest.raises(IdfsrError, match=r"^bicubic: no package no_such_package, wanted from pip"):
        check_inputs(parse_config({"methods": ["bicubic", "idfsr-pt"]}, "test"))


def test_each_missing_input_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / MANIFEST).parent.mkdir()
    shutil.copy(MANIFEST, tmp_path / MANIFEST)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(WEIGHTS_VARIABLE, "nets")
    config = parse_config(
        {
            "methods": ["bicubic", "codeformer"],
            "dataset": {"kind": "celebref_hq", "root": "data/faces"},
            "weights": {
                "id_encoder": "weights/r50.safetensors",
                "lr_detector": "",
                "attributes": "results/embedded/attributes/model.safetensors",
                "idfsr": "weights/ffhq.safetensors",
            },
        },
        "test",
    )
    with pytest.raises(IdfsrError) as caught:
        check_inputs(config)
    source = read_manifest(MANIFEST)["codeformer"].source
    assert str(caught.value).splitlines() == [
        "data/faces: no such folder, wanted images (dataset.root)",
        "nets/r50.safetensors: no such file, wanted weights (weights.id_encoder)",
        "nets/ffhq.safetensors: no such file, wanted weights (weights.idfsr)",
        f"codeformer: no file nets/codeformer/codeformer.pth, wanted from {source}",
    ]
    (tmp_path / "data/faces").mkdir(parents=True)
    (tmp_path / "nets").mkdir()
    for name in ("r50", "ffhq"):
        (tmp_path / f"nets/{name}.safetensors").touch()
    (tmp_path / "nets/codeformer").mkdir(parents=True)
    (tmp_path / "nets/codeformer/codeformer.pth").touch()
    check_inputs(config)
