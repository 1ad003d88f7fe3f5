"""Hostile and damaged weight files: each is refused in one line, and nothing in it runs."""

import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from idfsr.errors import IdfsrError
from idfsr.faces.weights import read_weights as read_retinaface
from idfsr.models.checkpoint import load_idfsr
from idfsr.models.foreign import read_torch_tensors
from idfsr.models.id_encoder import load_id_encoder
from idfsr.models.landmarks68 import Landmarks68Config, Landmarks68Net
from idfsr.models.pretrained import read_diffae_checkpoint
from idfsr.models.published import load_network
from idfsr.photographs.person import load_person

NUM_CASES = int(os.environ.get("IDFSR_FUZZ_WEIGHTS", "60"))
"""`make fuzz` tries 200."""

LOADERS: dict[str, Callable[[Path], object]] = {
    "idfsr": lambda path: load_idfsr(path, torch.device("cpu")),
    "diffae": read_diffae_checkpoint,
    "encoder": load_id_encoder,
    "tensors": lambda path: read_torch_tensors(path, "weights"),
    "retinaface": read_retinaface,
    "published": lambda path: load_network(
        Landmarks68Net, Landmarks68Config(), path, "68 landmarks"
    ),
    "person": load_person,
}


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.mark),)


def make_files(folder: Path, mark: Path) -> list[bytes]:
    """Write a bomb in each pickle of PyTorch's, and files that are right but of nothing."""
    for number, legacy in enumerate((False, True)):
        torch.save(
            {"state_dict": Bomb(mark)}, folder / f"bomb{number}",
            _use_new_zipfile_serialization=not legacy,
        )  # fmt: skip
        torch.save(
            {"state_dict": {"ema_model.a": torch.ones(3)}}, folder / f"fine{number}",
            _use_new_zipfile_serialization=not legacy,
        )  # fmt: skip
    (folder / "pickle").write_bytes(pickle.dumps(Bomb(mark)))
    save_file({"a": torch.ones(3)}, folder / "safe", metadata={"format": "pt"})
    with zipfile.ZipFile(folder / "zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Bomb(mark)))
        archive.writestr("../../outside", bytes(10_000_000))
    (folder / "onnx").write_bytes(b"\x08\x08" + bytes(99))
    (folder / "page").write_bytes(b"<!DOCTYPE html><html></html>")
    (folder / "empty").write_bytes(b"")
    return [path.read_bytes() for path in sorted(folder.iterdir())]


@pytest.mark.filterwarnings("ignore")
def test_hostile_weights_are_one_line_and_run_nothing(tmp_path: Path) -> None:
    folder, mark = tmp_path / "files", tmp_path / "it-ran"
    folder.mkdir()
    files, rng = make_files(folder, mark), np.random.default_rng(4)
    names = list(LOADERS)
    crashes = []
    for case in range(NUM_CASES):
        data = bytearray(files[case % len(files)])
        for _ in range(rng.integers(0, 4)):
            if data:
                data[rng.integers(len(data))] = rng.integers(256)
        if rng.random() < 0.3:
            del data[rng.integers(len(data) + 1) :]
        ending = ("safetensors", "pth", "onnx", "ckpt", "pkl")[rng.integers(5)]
        path = tmp_path / f"net.{ending}"
        path.write_bytes(data)
        name = names[case % len(names)]
        try:
            LOADERS[name](path)
        except IdfsrError as error:
            if "\n" in str(error):
                crashes.append(f"{name}, {path.name}: {error}")
        except Exception as error:  # noqa: BLE001 - what is looked for
            crashes.append(f"{name}, {path.name}, {type(error).__name__}: {error}"[:300])
    assert not crashes, "\n\n".join([f"{len(crashes)} of {NUM_CASES}", *crashes])
    assert not mark.exists()
    assert not (tmp_path.parent / "outside").exists()
