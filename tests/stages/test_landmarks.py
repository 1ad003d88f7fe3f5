import json
from pathlib import Path

import numpy as np
import pytest

from idfsr.io.schemas import LANDMARKS_SCHEMA
from idfsr.io.tables import read_table
from idfsr.main import main

from ..faces.face_tree import make_face, make_face_tree  # noqa: TID252


def test_shard_of_the_manifest(tmp_path: Path) -> None:
    tree = make_face_tree(tmp_path)
    config = tmp_path / "landmarks.json"
    config.write_text(json.dumps({"landmarks": {"images_per_shard": 5, "batch_size": 2}}))
    out = tmp_path / "out" / "shard-00002.parquet"
    arguments = [
        "--config", config, "--manifest", tree.manifest, "--root", tree.root,
        "--assets", ".assets", "--shard", "00002", "--landmarks", out, "--threads", "1",
    ]  # fmt: skip
    main(["landmarks", *map(str, arguments)])
    table = read_table(out)
    assert table.columns.tolist() == LANDMARKS_SCHEMA.names
    assert (table["identity"] + table["image"]).tolist() == ["dan1", "dan2"]
    assert table["num_faces"].dtype == "int32"
    _, landmarks, _ = make_face(10)
    assert np.abs(table["landmarks"][0].reshape(5, 2) - landmarks).max() < 4


def test_shard_that_is_not_there_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = make_face_tree(tmp_path)
    config = tmp_path / "landmarks.json"
    config.write_text('{"landmarks": {}}')
    arguments = [
        "--config", config, "--manifest", tree.manifest, "--root", tree.root,
        "--assets", ".assets", "--shard", "1", "--landmarks", tmp_path / "out.parquet",
    ]  # fmt: skip
    with pytest.raises(SystemExit) as caught:
        main(["landmarks", *map(str, arguments)])
    assert caught.value.code == 2
    error = "idfsr landmarks: error: shard 1 of the manifest, wanted 0 to 0\n"
    assert capsys.readouterr().err.endswith(error)
    assert not (tmp_path / "out.parquet").exists()
