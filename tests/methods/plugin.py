"""A package with a method, installed for one test."""

from pathlib import Path

import pytest


def install_plugin(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, target: str) -> None:
    """Put a folder on Python's path, with the entry point of a method as an installer writes it."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[idfsr.methods]\n{name} = {target}\n")
    monkeypatch.syspath_prepend(folder)
