import json
from pathlib import Path

import pytest
import torch

from idfsr.baselines.embedding import load_embedding
from idfsr.cli.main import main
from idfsr.config import Config, FitConfig, stage_json
from idfsr.models.checkpoint import save_model
from idfsr.models.idfsr import IDFSR
from idfsr.models.weights import model_digest
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
