from collections.abc import Callable
from pathlib import Path

import pandas as pd

from idfsr.dataset.index import build_manifest
from idfsr.io.schemas import LANDMARKS_SCHEMA, MANIFEST_SCHEMA, QUALITY_SCHEMA
from idfsr.io.tables import read_table, write_table
from idfsr.main import main


def test_joins_the_shards(
    photo_tree: Path, tmp_path: Path, stage_config: Callable[[str], Path]
) -> None:
    manifest = build_manifest(photo_tree, num_threads=1)
    manifest["height"] = 64  # as high as the default asks for
    write_table(manifest, tmp_path / "manifest.parquet", MANIFEST_SCHEMA)
    faces = manifest[["identity", "image"]].assign(
        num_faces=1, score=0.9, sharpness=100.0, yaw=0.0,
        box=[[0.0] * 4] * 6, landmarks=[[0.0] * 10] * 6, z_id=None,
    )  # fmt: skip
    faces.loc[4, "yaw"] = 80.0
    shards = [tmp_path / "shard-00000.parquet", tmp_path / "shard-00001.parquet"]
    write_table(pd.DataFrame(faces[:4]), shards[0], LANDMARKS_SCHEMA)
    write_table(pd.DataFrame(faces[4:]), shards[1], LANDMARKS_SCHEMA)
    out = tmp_path / "quality.parquet"
    arguments = [
        "--config", stage_config("quality"), "--manifest", tmp_path / "manifest.parquet",
        "--landmarks", *shards, "--quality", out,
    ]  # fmt: skip
    main(["quality", *map(str, arguments)])
    table = read_table(out)
    assert table.columns.tolist() == QUALITY_SCHEMA.names
    assert table["status"].tolist() == [
        "ok", "ok", "ok", "ok", "turned away: yaw 80 degrees above 60", "ok",
    ]  # fmt: skip
