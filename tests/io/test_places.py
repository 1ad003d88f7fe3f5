from pathlib import Path

import pytest

from idfsr.io.places import DEFAULTS, PACKAGE, assets_folder, cache_folder, locate


def test_files_of_the_settings_are_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IDFSR_WEIGHTS", "/nets")
    assert locate("weights/models/r50.onnx") == Path("/nets/models/r50.onnx")
    assert locate("idfsr/weights/arcface.safetensors") == PACKAGE / "weights/arcface.safetensors"
    assert locate("config/photographs.yaml") == DEFAULTS / "photographs.yaml"
    assert locate("idfsr/weights/none") == Path("idfsr/weights/none")
    assert locate("config/mine.yaml") == Path("config/mine.yaml")
    assert locate("a/weights/b") == Path("a/weights/b")
    (tmp_path / "config").mkdir()
    (tmp_path / "config/photographs.yaml").touch()
    assert locate("config/photographs.yaml") == Path("config/photographs.yaml")


def test_assets_of_a_clone_come_before_those_of_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IDFSR_CACHE", "/cache")
    assert assets_folder() == Path("/cache/assets")
    (tmp_path / ".assets").mkdir()
    assert assets_folder() == Path(".assets")
    monkeypatch.delenv("IDFSR_CACHE")
    assert cache_folder().name == "idfsr"
