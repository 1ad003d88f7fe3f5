from collections.abc import Callable
from pathlib import Path

import pytest

from idfsr.io.tables import read_table
from idfsr.main import main


def test_writes_the_manifest(
    photo_tree: Path, tmp_path: Path, stage_config: Callable[[str], Path]
) -> None:
    (photo_tree / "ann" / "text.png").write_text("hello")
    out = tmp_path / "manifest.parquet"
    arguments = ["--config", stage_config("index"), "--root", photo_tree, "--manifest", out]
    arguments += ["--listing", tmp_path / "listing.tsv"]
    main(["index", *map(str, arguments), "--threads", "2"])
    manifest = read_table(out)
    assert len(manifest) == 7
    assert manifest.loc[manifest["status"] != "ok", "path"].tolist() == ["ann/text.png"]
    assert manifest["width"].dtype == "int32"


def test_missing_folder_is_one_line(
    tmp_path: Path, stage_config: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "manifest.parquet"
    arguments = ["--config", stage_config("index"), "--root", "nowhere", "--manifest", out]
    arguments += ["--listing", tmp_path / "listing.tsv"]
    with pytest.raises(SystemExit) as caught:
        main(["index", *map(str, arguments)])
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("idfsr index: error: nowhere: no such folder")
    assert not out.exists()
