from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from idfsr.io.shards import write_shard
from idfsr.io.tables import read_table
from idfsr.main import main


@pytest.fixture
def arguments(
    tmp_path: Path,
    shard_row: Callable[..., dict[str, Any]],
    stage_config: Callable[[str], Path],
) -> list[str]:
    landmarks = np.array([20, 26, 44, 25, 33, 38, 24, 48, 41, 47], dtype=np.float32)
    rows = [shard_row("00001", image, part="test") | {"landmarks": landmarks} for image in "01"]
    # of the two references of each, r0 has a row of its own, and r1 has none
    photograph = shard_row("00001", "r0", part="fit") | {"landmarks": landmarks}
    write_shard([shard_row("00009", "0"), photograph, *rows], tmp_path / "shard.parquet", {})
    flags = {
        "--config": stage_config("scores-sface"),
        "--family": "sface",
        "--shards": tmp_path / "shard.parquet",
        "--assets": Path(__file__).parents[2] / ".assets",
        "--features": tmp_path / "made" / "truth.parquet",
    }
    return ["truth-features", *(str(word) for pair in flags.items() for word in pair)]


def test_a_row_for_each_truth(arguments: list[str], tmp_path: Path) -> None:
    main(arguments)
    path = tmp_path / "made" / "truth.parquet"
    table = read_table(path)
    assert list(table) == ["identity", "image", "embedding", "references"]
    assert table["image"].tolist() == ["0", "1"]  # the test rows
    assert [len(one) for one in table["embedding"]] == [128, 128]
    assert table["references"][0].tolist() == table["references"][1].tolist()
    assert [len(one) for one in table["references"]] == [128, 128]
    assert np.linalg.norm(table["references"][0]) == pytest.approx(1)
    before = path.read_bytes()
    main(arguments)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("shard.parquet", "none.parquet", "none.parquet: no such file"),
        ("sface", "psnr", "--family: found psnr, wanted one that is asked of the ground truth"),
        ("sface", "fid", "family: found fid, wanted one of adaface, arcface"),
    ],
)
def test_a_mistake_is_one_line(
    old: str,
    new: str,
    message: str,
    arguments: list[str],
    stage_config: Callable[[str], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = [new if word == old else word.replace(f"/{old}", f"/{new}") for word in arguments]
    if new == "psnr":
        words[words.index("--config") + 1] = str(stage_config("scores"))
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
