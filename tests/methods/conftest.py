"""A package with a method, installed for one test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from idfsr.methods.engine.registry import plugin_methods


@pytest.fixture
def install_plugin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., None]]:
    """A function that puts the test's folder on Python's path, with the entry point of a method."""

    def install(name: str, target: str) -> None:
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[idfsr.methods]\n{name} = {target}\n")
        monkeypatch.syspath_prepend(tmp_path)
        plugin_methods.cache_clear()

    yield install
    monkeypatch.undo()
    plugin_methods.cache_clear()
