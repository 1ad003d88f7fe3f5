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


def test_halves_and_keeps_the_metadata(tmp_path: Path) -> None:
    weights, published = tmp_path / "model.safetensors", tmp_path / "published.safetensors"
    network = torch.nn.Linear(2, 3)
    save_weights(weights, network, {"linear": "2 to 3"})
    arguments = ["publish", "--weights", str(weights), "--published", str(published)]
    card = tmp_path / "card.md"
    card.write_text(CARD)
    main([*arguments, "--card", str(card)])
    assert torch.equal(load_file(published)["weight"], network.weight.half())
    assert read_metadata(published).keys() == {"linear", "history"}
    history = History(title="A network", num_parameters=9, images_seen=3, minutes=0.5)
    assert read_history(published) == history
    assert (tmp_path / "published.md").read_text() == CARD


def test_other_content_is_one_line_and_leaves_what_was_published(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights, published = tmp_path / "model.pth", tmp_path / "published.safetensors"
    weights.write_bytes(b"no weights")
    published.write_bytes(b"as before")
    (tmp_path / "card.md").write_text(CARD)
    arguments = ["publish", "--weights", str(weights), "--published", str(published)]
    arguments += ["--card", str(tmp_path / "card.md")]
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "model.pth: not a safetensors file" in capsys.readouterr().err
    assert published.read_bytes() == b"as before"
