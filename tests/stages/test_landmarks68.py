import json
from pathlib import Path

import pytest

from idfsr.config.training import TrainConfig
from idfsr.main import main
from idfsr.models.landmarks68 import Landmarks68Config, Landmarks68Net
from idfsr.models.published import load_network
from idfsr.run.config import Config, stage_json
from idfsr.training.card import read_card
from tests.training.makers import write_landmarks_68, write_pretrain_shard, write_test_shard


def arguments(folder: Path, num_known: int = 10) -> list[str]:
    config = Config(landmarks68=TrainConfig(num_images=8, batch_size=4))
    (folder / "landmarks68.json").write_text(stage_json(config, "landmarks68"))
    return [
        "landmarks68",
        *("--config", str(folder / "landmarks68.json")),
        *("--shards", str(write_pretrain_shard(folder / "pretrain.parquet", size=64))),
        *("--held-out", str(write_test_shard(folder / "test.parquet", size=64))),
        *("--truth", str(write_landmarks_68(folder / "truth.parquet", range(num_known)))),
        *("--state-dir", str(folder / "state")),
        *("--weights", str(folder / "model.safetensors")),
        *("--stats", str(folder / "stats.jsonl")),
        *("--card", str(folder / "card.md")),
    ]


def test_makes_weights_statistics_and_a_card(tmp_path: Path) -> None:
    main(arguments(tmp_path))
    path = tmp_path / "model.safetensors"
    load_network(Landmarks68Net, Landmarks68Config(), path, "68 landmarks")
    lines = (tmp_path / "stats.jsonl").read_text().splitlines()
    assert [json.loads(line)["images_seen"] for line in lines] == [4, 8]
    assert read_card(tmp_path / "card.md").images_seen == 8
    assert (tmp_path / "state/finished.json").is_file()


def test_again_makes_the_same_bytes(tmp_path: Path) -> None:
    main(arguments(tmp_path))
    made = (tmp_path / "model.safetensors").read_bytes()
    main(arguments(tmp_path))
    assert (tmp_path / "model.safetensors").read_bytes() == made


def test_unknown_landmarks_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments(tmp_path, num_known=2))
    assert caught.value.code == 2
    assert "truth.parquet: found no landmarks of 00002/0, wanted" in capsys.readouterr().err
