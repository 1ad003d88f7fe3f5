import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from idfsr.config.restore import RestoreConfig
from idfsr.io.examples import IdentityExamples
from idfsr.io.images import decode_png
from idfsr.io.tables import read_table
from idfsr.io.tensors import from_network
from idfsr.main import main
from idfsr.methods.bicubic import Bicubic
from idfsr.methods.engine.embedding import Embedding, save_embedding
from idfsr.methods.engine.registry import own_methods
from idfsr.models.checkpoint import save_model
from idfsr.models.weights import model_digest
from idfsr.run.config import Config, stage_json
from tests.training.makers import make_face, make_network, unit, write_test_shard


@pytest.fixture
def files(tmp_path: Path) -> Path:
    model = make_network()
    save_model(tmp_path / "model.safetensors", model)
    write_test_shard(tmp_path / "test.parquet")
    embedding = Embedding(
        z_id=torch.from_numpy(unit([1])),
        identity="00007",
        scale_factor=8,
        model_digest=model_digest(tmp_path / "model.safetensors"),
        config={},
    )
    save_embedding(tmp_path / "embedding.safetensors", embedding)
    return tmp_path


METHODS = ("bicubic", "idfsr-pt", "idfsr-ft")


def restore(folder: Path, method: str, batch_size: int = 2, identity: str = "00007") -> Path:
    config = Config(restore=RestoreConfig(num_inference_steps=4, batch_size=batch_size))
    (folder / "restore.json").write_text(stage_json(config, f"restore-{method}"))
    path = folder / f"{method}-{batch_size}.parquet"
    main(
        [
            "restore",
            *("--config", str(folder / "restore.json")),
            *("--method", method),
            *("--shards", str(folder / "test.parquet")),
            *("--identity", identity),
            *("--model", str(folder / "model.safetensors")),
            *("--embedding", str(folder / "embedding.safetensors")),
            *("--restored", str(path)),
            *("--threads", "1"),
        ]
    )
    return path


def test_every_method_restores_every_test_image(files: Path) -> None:
    results = set()
    for method in METHODS:
        table = read_table(restore(files, method))
        assert table["identity"].tolist() == ["00007", "00007"]
        assert table["image"].tolist() == ["3", "4"]
        assert table["method"].tolist() == [method, method]
        assert table["scale_factor"].tolist() == [8, 8]
        assert decode_png(table["sr_image"][0]).shape == (32, 32, 3)
        results.add(table["sr_image"][0])
    assert len(results) == len(METHODS)


class SecondReference(Bicubic):
    def restore(self, examples: IdentityExamples) -> np.ndarray:
        return from_network(examples["ref_image"][:, 1])


def test_references_as_they_are_reach_a_method_that_needs_them(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = dataclasses.replace(
        own_methods()["bicubic"], needs=("ref_image",), load=lambda _context: SecondReference()
    )
    monkeypatch.setitem(own_methods(), "bicubic", second)
    table = read_table(restore(files, "bicubic"))
    assert table["problem"].tolist() == ["", ""]
    for png in table["sr_image"]:
        np.testing.assert_array_equal(decode_png(png), make_face(7, 0, 32))


def test_batch_size_does_not_change_a_byte(files: Path) -> None:
    first, second = (restore(files, "idfsr-pt", size).read_bytes() for size in (1, 2))
    assert first == second


def test_another_persons_embedding_is_refused(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        restore(files, "idfsr-ft", identity="00008")
    assert caught.value.code == 2
    assert "found identity 00007, wanted 00008" in capsys.readouterr().err
