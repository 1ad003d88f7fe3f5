import dataclasses
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from idfsr.config.fit import FitConfig
from idfsr.config.restore import RestoreConfig
from idfsr.io.examples import IdentityExamples
from idfsr.io.images import decode_png
from idfsr.io.tables import read_table
from idfsr.io.tensors import from_network
from idfsr.main import main
from idfsr.methods.bicubic import Bicubic
from idfsr.methods.engine.embedding import Embedding, load_embedding, save_embedding
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
    save_embedding(tmp_path / "fit/00007/embedding.safetensors", embedding)
    return tmp_path


METHODS = ("bicubic", "idfsr-pt", "idfsr-mean", "idfsr-ft")
WEIGHTS = Path("idfsr/weights")


def restore(
    folder: Path,
    method: str,
    *people: str,
    batch_size: int = 2,
    code: str = "0",
    config: Config | None = None,
) -> Path:
    """Restore people, 00007 if none is named, and return the folder of the tables."""
    settings = RestoreConfig(num_inference_steps=4, batch_size=batch_size)
    config = dataclasses.replace(config or Config(), restore=settings)
    (folder / "restore.json").write_text(stage_json(config, f"restore-{method}"))
    out = folder / f"{method}-{batch_size}"
    own = folder / "weights"
    main(
        [
            "restore-people",
            *("--config", str(folder / "restore.json")),
            *("--method", method),
            *("--shards", str(folder / "test.parquet")),
            *("--identities", *(people or ["00007"])),
            *("--code", code),
            *("--model", str(folder / "model.safetensors")),
            *("--fits-dir", str(folder / "fit")),
            *("--weights-list", str(own / "weights.yaml")),
            *("--weights", *(map(str, sorted(own.rglob("*.safetensors"))))),
            *("--restored-dir", str(out)),
            *("--list", str(out / "batch-00000.tsv")),
            *("--threads", "1"),
        ]
    )
    return out


def test_every_method_restores_every_test_image(files: Path) -> None:
    results = set()
    for method in METHODS:
        table = read_table(restore(files, method) / "00007.parquet")
        assert table["identity"].tolist() == ["00007", "00007"]
        assert table["image"].tolist() == ["3", "4"]
        assert table["method"].tolist() == [method, method]
        assert table["scale_factor"].tolist() == [8, 8]
        assert decode_png(table["sr_image"][0]).shape == (32, 32, 3)
        results.add(table["sr_image"][0])
    assert len(results) == len(METHODS)


def test_the_mean_of_the_fit_images_is_what_a_fit_of_it_restores(files: Path) -> None:
    """An embedding that is the mean gives the same bytes as the method that takes the mean."""
    z_ids = np.stack([unit([7, image]) for image in range(3)])
    for num_images in (0, 2):
        mean = torch.from_numpy(z_ids[: num_images or 3]).mean(dim=0)
        path = files / "fit/00007/embedding.safetensors"
        embedding = dataclasses.replace(load_embedding(path), z_id=mean / mean.norm())
        save_embedding(path, embedding)
        config = Config(fit=FitConfig(num_images=num_images))
        tables = [
            read_table(restore(files, method, config=config) / "00007.parquet")["sr_image"]
            for method in ("idfsr-mean", "idfsr-ft", "idfsr-pt")
        ]
        assert tables[0].tolist() == tables[1].tolist() != tables[2].tolist()


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
    table = read_table(restore(files, "bicubic") / "00007.parquet")
    assert table["problem"].tolist() == ["", ""]
    for png in table["sr_image"]:
        np.testing.assert_array_equal(decode_png(png), make_face(7, 0, 32))


def test_batch_size_does_not_change_a_byte(files: Path) -> None:
    first, second = (
        (restore(files, "idfsr-pt", batch_size=size) / "00007.parquet").read_bytes()
        for size in (1, 2)
    )
    assert first == second


def test_another_persons_embedding_is_refused_and_the_others_are_done(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(files / "fit/00007", files / "fit/00008")
    with pytest.raises(SystemExit) as caught:
        restore(files, "idfsr-ft", "00008", "00007")
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert "1 of 2 failed: 00008: " in error
    assert "found identity 00007, wanted 00008" in error
    assert (files / "idfsr-ft-2/00007.parquet").is_file()
    assert not (files / "idfsr-ft-2/batch-00000.tsv").exists()


def written(folder: Path, method: str, *people: str, code: str = "0") -> set[str]:
    """Restore people again, and return whose table was written."""
    tables = list((folder / f"{method}-2").glob("*.parquet"))
    for table in tables:
        os.utime(table, (0, 0))
    restore(folder, method, *people, code=code)
    return {table.stem for table in tables if table.stat().st_mtime_ns}


def test_only_whose_embedding_changed_is_restored_again(files: Path) -> None:
    shutil.copytree(files / "fit/00007", files / "fit/00008")
    facts = {
        "scale_factor": 8,
        "model_digest": model_digest(files / "model.safetensors"),
        "config": {},
    }
    for seed in (2, 3):
        z_id = torch.from_numpy(unit([seed]))
        save_embedding(
            files / "fit/00008/embedding.safetensors",
            Embedding(z_id=z_id, identity="00008", **facts),
        )
        if seed == 2:
            restore(files, "idfsr-ft", "00007", "00008")
            assert written(files, "idfsr-ft", "00007", "00008") == set()
    assert written(files, "idfsr-ft", "00007", "00008") == {"00008"}
    assert written(files, "idfsr-ft", "00007", "00008", code="1") == {"00007", "00008"}


def test_a_replaced_weight_file_gives_new_images(files: Path) -> None:
    """Even if it is as old as the one before."""
    own = files / "weights"
    (own / "members").mkdir(parents=True)
    for name in ("members/codeformer.safetensors", "weights.yaml"):
        shutil.copy2(WEIGHTS / name, own / name)
    restore(files, "codeformer")
    assert written(files, "codeformer", "00007") == set()
    before = json.loads((files / "codeformer-2/00007.made.json").read_text())
    path = own / "members/codeformer.safetensors"
    age, data = path.stat().st_mtime_ns, bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(age, age))
    assert written(files, "codeformer", "00007") == {"00007"}
    after = json.loads((files / "codeformer-2/00007.made.json").read_text())
    assert after["made_of"]["weights"] != before["made_of"]["weights"]
    assert after["files"] != before["files"]  # the table names the digest of its weights
