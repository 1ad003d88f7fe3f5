from pathlib import Path

import pytest
import torch

from idfsr.io.tensors import to_network
from idfsr.main import main
from idfsr.models.dlib_resnet import read_published
from idfsr.models.id_encoder import load_id_encoder
from idfsr.training.networks.crops import read_crops
from tests.models.dlib_file import write_published
from tests.training.makers import write_crops


def test_what_all_crops_have_in_common_is_taken_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("idfsr.stages.id_encoder.BATCH_SIZE", 4)
    published = write_published(tmp_path / "model.dat")
    crops = write_crops(tmp_path / "crops.parquet", num_identities=2)  # 6 crops
    weights = tmp_path / "id_encoder.safetensors"
    files = {"--published": published, "--crops": crops, "--weights": weights}
    main(["id-encoder", *(word for pair in files.items() for word in map(str, pair))])
    network = load_id_encoder(weights).network
    images = to_network(read_crops(crops).pixels)
    with torch.no_grad():
        found, before = network(images), read_published(published)(images)
    scale = before.std().item()
    assert before.mean(0).abs().max() > scale / 2
    assert found.mean(0).abs().max() < 0.02 * scale
    # 16 bits: not a weight changes when it is stored so again
    for parameter in network.parameters():
        assert torch.equal(parameter, parameter.half().float())
