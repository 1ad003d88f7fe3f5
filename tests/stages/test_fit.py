import json
from pathlib import Path

import pytest
import torch

from idfsr.config.fit import FitConfig
from idfsr.main import main
from idfsr.methods.engine.embedding import load_embedding
from idfsr.models.checkpoint import save_model
from idfsr.models.idfsr import IDFSR
from idfsr.models.weights import model_digest
from idfsr.run.config import Config, stage_json
from tests.training.makers import TINY_MODEL, write_test_shard


def arguments(folder: Path, identity: str = "00007", name: str = "a") -> list[str]:
    config = Config(fit=FitConfig(num_steps=2, batch_size=2, num_evaluations=1))
    (folder / "fit.json").write_text(stage_json(config, "fit"))
    torch.manual_seed(0)
    save_model(folder / "model.safetensors", IDFSR(TINY_MODEL))
    return [
        "fit",
        *("--config", str(folder / "fit.json")),
        *("--model", str(folder / "model.safetensors")),
        *("--shards", str(write_test_shard(folder / "test.parquet", 16))),
        *("--identity", identity),
        *("--embedding", str(folder / f"{name}.safetensors")),
        *("--stats", str(folder / f"{name}.jsonl")),
        *("--threads", "1"),
    ]


def test_makes_an_embedding_and_curves(tmp_path: Path) -> None:
    main(arguments(tmp_path))
    embedding = load_embedding(tmp_path / "a.safetensors")
    assert embedding.z_id.shape == (512,)
    assert (embedding.identity, embedding.scale_factor) == ("00007", 16)
    assert embedding.model_digest == model_digest(tmp_path / "model.safetensors")
    assert embedding.config["num_steps"] == 2
    records = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert [record["step"] for record in records] == [0, 1, 2]
    assert "held_out_loss" in records[2]


def test_again_makes_the_same_bytes(tmp_path: Path) -> None:
    main(arguments(tmp_path))
    main(arguments(tmp_path, name="b"))
    for suffix in (".safetensors", ".jsonl"):
        first, again = (tmp_path / f"{name}{suffix}" for name in "ab")
        assert first.read_bytes() == again.read_bytes()


def test_unknown_person_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments(tmp_path, "00099"))
    assert caught.value.code == 2
    assert "fit rows of 00099: found none" in capsys.readouterr().err
    assert not (tmp_path / "a.safetensors").exists()


def test_several_people_share_a_job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = arguments(tmp_path)
    words[words.index("00007")] = "00007,00008"
    several = [part for word in words for part in word.split(",")]
    files = [str(tmp_path / "b.safetensors"), "--stats", str(tmp_path / "b.jsonl")]
    place = several.index("--stats")
    with pytest.raises(SystemExit):
        main(several)
    assert "--embedding: found 1 files for 2 people, wanted one each" in capsys.readouterr().err
    stats = several[place + 1]
    main([*several[:place], files[0], "--stats", stats, files[2], "--threads", "1"])
    for name, identity in (("a", "00007"), ("b", "00008")):
        embedding = load_embedding(tmp_path / f"{name}.safetensors", identity=identity)
        main(arguments(tmp_path, identity, "alone"))
        alone = load_embedding(tmp_path / "alone.safetensors")
        torch.testing.assert_close(embedding.z_id, alone.z_id, rtol=0, atol=1e-5)
        assert (tmp_path / f"{name}.jsonl").is_file()
