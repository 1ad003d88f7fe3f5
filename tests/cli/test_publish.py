from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from idfsr.cli.main import main
from idfsr.models.weights import read_metadata, save_weights


def test_halves_and_keeps_the_metadata(tmp_path: Path) -> None:
    weights, published = tmp_path / "model.safetensors", tmp_path / "published.safetensors"
    network = torch.nn.Linear(2, 3)
    save_weights(weights, network, {"linear": "2 to 3"})
    main(["publish", "--weights", str(weights), "--published", str(published)])
    assert torch.equal(load_file(published)["weight"], network.weight.half())
    assert read_metadata(published) == {"linear": "2 to 3"}


def test_other_content_is_one_line_and_leaves_what_was_published(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights, published = tmp_path / "model.pth", tmp_path / "published.safetensors"
    weights.write_bytes(b"no weights")
    published.write_bytes(b"as before")
    with pytest.raises(SystemExit) as caught:
        main(["publish", "--weights", str(weights), "--published", str(published)])
    assert caught.value.code == 2
    assert "model.pth: not a safetensors file" in capsys.readouterr().err
    assert published.read_bytes() == b"as before"
