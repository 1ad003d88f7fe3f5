"""Asset files are found, and are the ones the project was measured with."""

from pathlib import Path

import pytest

from idfsr.errors import IdfsrError
from idfsr.io.assets import ASSETS, check_asset, find_asset


@pytest.mark.parametrize("name", ASSETS)
def test_installed_asset_is_the_measured_one(name: str) -> None:
    assert check_asset(Path(".assets"), name).is_file()


def test_missing_and_changed_assets_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(IdfsrError, match=r"svm\.txt: no such file, wanted from package brisque"):
        find_asset(tmp_path, "brisque")
    path = tmp_path / ASSETS["brisque"].path
    path.parent.mkdir(parents=True)
    path.write_text("other")
    with pytest.raises(IdfsrError, match=r"svm\.txt: sha256 d9298a10d1b07358\.\.\., wanted 19526f"):
        check_asset(tmp_path, "brisque")
