from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from idfsr.io.shards import write_shard
from idfsr.io.tables import read_metadata, read_table
from idfsr.main import main
from idfsr.models.attributes import AttributeNet, save_attributes


@pytest.fixture
def arguments(
    tmp_path: Path,
    shard_row: Callable[..., dict[str, Any]],
    stage_config: Callable[[str], Path],
) -> list[str]:
    landmarks = np.array([20, 26, 44, 25, 33, 38, 24, 48, 41, 47], dtype=np.float32)
    rows = [shard_row("00001", image, part="test") | {"landmarks": landmarks} for image in "01"]
    write_shard([shard_row("00009", "0"), *rows], tmp_path / "shard.parquet", {})
    torch.manual_seed(0)
    save_attributes(tmp_path / "attributes.safetensors", AttributeNet())
    flags = {
        "--config": stage_config("metrics"),
        "--shards": tmp_path / "shard.parquet",
        "--assets": Path(__file__).parents[2] / ".assets",
        "--attributes": tmp_path / "attributes.safetensors",
        "--features": tmp_path / "made" / "truth.parquet",
    }
    return ["features", *(str(word) for pair in flags.items() for word in pair)]


def test_a_row_for_each_truth_and_a_column_for_each_network(
    arguments: list[str], tmp_path: Path
) -> None:
    main(arguments)
    path = tmp_path / "made" / "truth.parquet"
    table = read_table(path)
    assert len(set(table["key"])) == 2  # the test rows
    assert set(table) == {"key", "brisque", "sface", "attributes"}
    assert [len(one["embedding"]) for one in table["sface"]] == [128, 128]
    assert table["brisque"].isna().all()  # it looks at restored images alone
    digests = read_metadata(path)
    assert set(digests) == {"brisque", "sface", "attributes"}
    assert f"torch {torch.__version__.split('+')[0]}" in digests["sface"]
    before = path.read_bytes()
    main(arguments)
    assert path.read_bytes() == before


def test_a_mistake_is_one_line(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shard.parquet").write_bytes(b"no table")
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "shard.parquet: not a Parquet table" in capsys.readouterr().err
