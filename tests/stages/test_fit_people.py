import json
from pathlib import Path

import pytest
import torch

from idfsr.config.fit import FitConfig
from idfsr.io.file_lists import listed_files
from idfsr.io.shards import write_shard
from idfsr.main import main
from idfsr.methods.engine.embedding import load_embedding
from idfsr.models.checkpoint import save_model
from idfsr.models.weights import model_digest
from idfsr.run.config import Config, stage_json
from tests.training.makers import make_network, make_row

PEOPLE = ("00007", "00008", "00009")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A shard with three people, and a network."""
    rows = [
        make_row(int(identity), image, part, [1], 16, 32)
        for identity in PEOPLE
        for image, part in ((0, "fit"), (1, "fit"), (2, "test"))
    ]
    write_shard(rows, tmp_path / "test.parquet", {"scale_factor": "16"})
    save_model(tmp_path / "model.safetensors", make_network())
    return tmp_path


def fit(folder: Path, *people: str, at_once: int = 1, to: str = "fit", code: str = "c0de") -> Path:
    """Fit people and return the list of the files made."""
    settings = FitConfig(num_steps=2, batch_size=2, num_evaluations=1, identities_at_once=at_once)
    (folder / "fit.json").write_text(stage_json(Config(fit=settings), "fit"))
    path = folder / to / "batch-00000.tsv"
    main(
        [
            "fit-people",
            *("--config", str(folder / "fit.json")),
            *("--model", str(folder / "model.safetensors")),
            *("--shards", str(folder / "test.parquet")),
            *("--identities", *people),
            *("--code", code),
            *("--fits-dir", str(folder / to)),
            *("--list", str(path)),
        ]
    )
    return path


def embedding_bytes(folder: Path, identity: str, to: str = "fit") -> bytes:
    return (folder / to / identity / "embedding.safetensors").read_bytes()


def test_makes_embeddings_curves_records_and_a_list(folder: Path) -> None:
    path = fit(folder, *PEOPLE)
    embeddings = listed_files([path], ".safetensors")
    assert [file.parent.name for file in embeddings] == list(PEOPLE)
    embedding = load_embedding(embeddings[0])
    assert embedding.z_id.shape == (512,)
    assert (embedding.identity, embedding.scale_factor) == ("00007", 16)
    assert embedding.model_digest == model_digest(folder / "model.safetensors")
    assert embedding.config["num_steps"] == 2
    text = listed_files([path], ".jsonl")[0].read_text()
    records = [json.loads(line) for line in text.splitlines()]
    assert [record["step"] for record in records] == [0, 1, 2]
    assert "held_out_loss" in records[2]
    made = json.loads((folder / "fit/00007/made.json").read_text())
    assert made["made_of"].keys() == {"settings", "code", "model", "shards"}
    assert made["files"].keys() == {"embedding.safetensors", "stats.jsonl"}


def test_again_and_alone_makes_the_same_bytes(folder: Path) -> None:
    fit(folder, *PEOPLE)
    fit(folder, "00008", to="again")
    assert embedding_bytes(folder, "00008") == embedding_bytes(folder, "00008", "again")
    made = [(folder / to / "00008/made.json").read_text() for to in ("fit", "again")]
    assert made[0] == made[1]


def test_people_together_are_those_alone(folder: Path) -> None:
    fit(folder, *PEOPLE, at_once=2, to="together")
    fit(folder, *PEOPLE)
    for identity in PEOPLE:
        z_ids = [
            load_embedding(folder / to / identity / "embedding.safetensors").z_id
            for to in ("fit", "together")
        ]
        torch.testing.assert_close(*z_ids, rtol=0, atol=1e-5)


def test_another_network_makes_all_anew(folder: Path) -> None:
    fit(folder, *PEOPLE)
    before = [embedding_bytes(folder, identity) for identity in PEOPLE]
    torch.manual_seed(1)
    network = make_network()
    with torch.no_grad():
        next(network.parameters()).add_(0.1)
    save_model(folder / "model.safetensors", network)
    fit(folder, *PEOPLE)
    after = [embedding_bytes(folder, identity) for identity in PEOPLE]
    assert all(new != old for new, old in zip(after, before, strict=True))


def test_one_persons_mistake_does_not_stop_the_others(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        fit(folder, "00099", *PEOPLE, at_once=2)
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert "1 of 4 failed: 00099: " in error
    assert "fit rows of 00099: found none" in error
    assert all(embedding_bytes(folder, identity) for identity in PEOPLE)
    assert not (folder / "fit/batch-00000.tsv").exists()


def test_a_missing_network_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "model.safetensors").unlink()
    with pytest.raises(SystemExit) as caught:
        fit(folder, *PEOPLE)
    assert caught.value.code == 2
    assert capsys.readouterr().err.count("no such file") == 1
