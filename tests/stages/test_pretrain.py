import dataclasses
import json
from pathlib import Path

import pytest

from idfsr.config.pretrain import PretrainConfig
from idfsr.config.shards import ShardsConfig
from idfsr.main import main
from idfsr.models.checkpoint import load_idfsr
from idfsr.run.config import Config, stage_json
from tests.training.makers import TINY_MODEL, write_pretrain_shard

CONFIG = Config(
    model=TINY_MODEL,
    shards=ShardsConfig(image_size=32),
    pretrain=PretrainConfig(num_images=8, batch_size=4, checkpoint_images=100),
)


def arguments(folder: Path, config: Config = CONFIG, name: str = "a") -> list[str]:
    (folder / "pretrain.json").write_text(stage_json(config, "pretrain"))
    shards = [write_pretrain_shard(folder / f"x{scale}.parquet", scale) for scale in (8, 16)]
    return [
        "pretrain",
        *("--config", str(folder / "pretrain.json")),
        *("--shards", *map(str, shards)),
        *("--id-encoder", "idfsr/weights/arcface.safetensors"),
        *("--state-dir", str(folder / "state")),
        *("--model", str(folder / f"{name}.safetensors")),
        *("--stats", str(folder / f"{name}.jsonl")),
        *("--card", str(folder / f"{name}.md")),
        *("--threads", "1"),
    ]


def test_makes_weights_statistics_and_a_card(tmp_path: Path) -> None:
    main(arguments(tmp_path))
    assert load_idfsr(tmp_path / "a.safetensors").config == TINY_MODEL
    lines = (tmp_path / "a.jsonl").read_text().splitlines()
    assert [json.loads(line)["images_seen"] for line in lines] == [4, 8]
    assert "| images seen | 8 |" in (tmp_path / "a.md").read_text()
    assert not (tmp_path / "state").exists()


def test_again_makes_the_same_bytes_and_goes_on_from_them(tmp_path: Path) -> None:
    main(arguments(tmp_path))
    main(arguments(tmp_path, name="b"))
    for suffix in (".safetensors", ".jsonl"):
        first, again = (tmp_path / f"{name}{suffix}" for name in "ab")
        assert first.read_bytes() == again.read_bytes()
    main([*arguments(tmp_path, name="c"), "--init", str(tmp_path / "a.safetensors")])
    assert (tmp_path / "c.safetensors").read_bytes() != (tmp_path / "a.safetensors").read_bytes()


def test_leaves_other_files_beside_the_state(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "note.txt").write_text("mine")
    main(arguments(tmp_path))
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["note.txt"]


def test_wrong_init_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(arguments(tmp_path))
    other = dataclasses.replace(CONFIG, model=dataclasses.replace(TINY_MODEL, num_id_tokens=2))
    with pytest.raises(SystemExit) as caught:
        main([*arguments(tmp_path, other), "--init", str(tmp_path / "a.safetensors")])
    assert caught.value.code == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "a.safetensors: found model.num_id_tokens 4, wanted 2" in error
