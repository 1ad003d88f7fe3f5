import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from idfsr.errors import IdfsrError
from idfsr.io.digests import file_digest
from idfsr.io.id_encoders import DLIB_NAME
from idfsr.io.places import WEIGHTS_VARIABLE
from idfsr.io.published import list_weights, remembered_digest
from idfsr.io.weights_list import MANIFEST, read_manifest
from idfsr.methods.engine.registry import find_method, own_methods
from idfsr.run.config import parse_config
from idfsr.run.inputs import check_inputs, listed_weights, used_weights


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
        f"nets/codeformer/codeformer.pth: no such file, wanted for codeformer, from {source}",
        "methods: available runs those whose weights are there, without the others",
    ]
    (tmp_path / "data/faces").mkdir(parents=True)
    (tmp_path / "nets").mkdir()
    for name in ("r50", "ffhq"):
        save_file({"weight": np.zeros(1)}, tmp_path / f"nets/{name}.safetensors")
    (tmp_path / "nets/codeformer").mkdir(parents=True)
    (tmp_path / "nets/codeformer/codeformer.pth").touch()
    empty = "(an empty file)"
    with pytest.raises(IdfsrError) as caught:
        check_inputs(config)
    assert str(caught.value).splitlines() == [
        f"nets/codeformer/codeformer.pth: found 0 bytes, wanted 376,637,898 {empty}, from {source}",
        "weights.other_files: true goes on with such files, and the tables say",
    ]
    weights = dataclasses.replace(config.weights, other_files=True)
    config = dataclasses.replace(config, weights=weights)
    check_inputs(config)
    listed = list_weights(map(Path, used_weights(config)), listed_weights(config))
    assert [(row["file"], row["standing"]) for row in listed] == [
        ("nets/codeformer/codeformer.pth", "another file"),
        ("nets/r50.safetensors", "not in the list of published files"),
        ("nets/ffhq.safetensors", "not in the list of published files"),
    ]
    assert len(str(listed[0]["sha256"])) == 64


def test_methods_that_are_available(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(tmp_path))
    alone = parse_config({"methods": "available"}, "test")
    assert alone.methods == ("bicubic", "idfsr-pt", "idfsr-mean", "idfsr-ft")
    (tmp_path / "codeformer").mkdir()
    (tmp_path / "codeformer/codeformer.pth").touch()
    assert "codeformer" in parse_config({"methods": "available"}, "test").methods


def test_a_digest_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDFSR_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "net.pth"
    path.write_bytes(b"one")
    first = remembered_digest(path)
    assert first == file_digest(path)
    monkeypatch.setattr("idfsr.io.published.file_digest", lambda _: "other")
    assert remembered_digest(path) == first
    path.write_bytes(b"three")
    assert remembered_digest(path) == "other"
    (tmp_path / "cache/digests.json").write_text("[")
    assert remembered_digest(path) == "other"


def test_id_encoder_of_another_length_is_a_line(tmp_path: Path) -> None:
    path = tmp_path / "id_encoder.safetensors"
    save_file({"weight": np.zeros(1)}, path, {DLIB_NAME: "{}"})
    config = parse_config({"weights": {"id_encoder": str(path)}}, "test")
    with pytest.raises(IdfsrError, match=r"found z_id of 128 numbers, wanted model\.id_dim, 512"):
        check_inputs(config)
