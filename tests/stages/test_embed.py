import hashlib
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file

from idfsr.io.history import History, read_history
from idfsr.main import main
from idfsr.models.weights import read_metadata, save_weights
from idfsr.sealed_json import seal

HISTORY = {"title": "A network", "num_parameters": 9, "images_seen": 3, "minutes": 0.5}
CARD = f"---\n{yaml.safe_dump(seal(HISTORY))}---\n\n# A network\n"


def embed(weights: Path, folder: Path) -> Path:
    embedded, card = folder / "embedded.safetensors", folder / "card.md"
    card.write_text(CARD)
    arguments = ["--weights", weights, "--card", card, "--embedded", embedded]
    main(["embed", *map(str, arguments), "--digest", str(folder / "embedded.sha256")])
    return embedded


def test_halves_and_keeps_the_metadata(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    network = torch.nn.Linear(2, 3)
    save_weights(weights, network, {"linear": "2 to 3"})
    embedded = embed(weights, tmp_path)
    assert torch.equal(load_file(embedded)["weight"], network.weight.half())
    assert read_metadata(embedded).keys() == {"linear", "history"}
    history = History(title="A network", num_parameters=9, images_seen=3, minutes=0.5)
    assert read_history(embedded) == history
    assert (tmp_path / "embedded.md").read_text() == CARD
    digest = hashlib.sha256(embedded.read_bytes()).hexdigest()
    assert (tmp_path / "embedded.sha256").read_text() == f"{digest}  {embedded}\n"


def test_other_content_is_one_line_and_leaves_what_was_embedded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights, embedded = tmp_path / "model.pth", tmp_path / "embedded.safetensors"
    weights.write_bytes(b"no weights")
    embedded.write_bytes(b"as before")
    with pytest.raises(SystemExit) as caught:
        embed(weights, tmp_path)
    assert caught.value.code == 2
    assert "model.pth: not a safetensors file" in capsys.readouterr().err
    assert embedded.read_bytes() == b"as before"
