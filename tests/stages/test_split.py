from collections.abc import Callable
from pathlib import Path

import pandas as pd

from idfsr.io.tables import read_tsv, write_table
from idfsr.main import main


def test_writes_parts_and_summary(tmp_path: Path, stage_config: Callable[[str], Path]) -> None:
    quality = pd.DataFrame(
        [
            {"identity": f"{identity:05d}", "image": f"{image}", "copy_of": "", "status": "ok"}
            for identity in range(10)
            for image in range(5)
        ]
    )
    quality.loc[7, "status"] = "no face"
    write_table(quality, tmp_path / "quality.parquet")
    arguments = [
        "--config", stage_config("split"), "--quality", tmp_path / "quality.parquet",
        "--split", tmp_path / "split.tsv", "--summary", tmp_path / "split_summary.tsv",
    ]  # fmt: skip
    main(["split", *map(str, arguments)])
    split = read_tsv(tmp_path / "split.tsv")
    assert split.columns.tolist() == ["identity", "image", "part", "reason"]
    assert split.loc[split["part"] == "left_out"].to_numpy().tolist() == [
        ["00001", "2", "left_out", "no face"]
    ]
    summary = read_tsv(tmp_path / "split_summary.tsv")
    assert summary["part"].tolist() == ["pretrain", "fit", "test", "left_out", "left_out"]
    assert summary["num_identities"].tolist() == ["9", "1", "1", "1", "1"]
    assert summary["num_images"].astype(int)[:4].sum() == 50
