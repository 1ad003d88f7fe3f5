"""dlib's recogniser: the file is read as dlib reads it, and z_id tells people apart."""

import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from idfsr.constants import ARCFACE_LANDMARKS_112
from idfsr.errors import IdfsrError
from idfsr.io.id_encoders import DLIB_DIM, DLIB_NAME, id_dim_of
from idfsr.io.tensors import to_network
from idfsr.models.dlib_resnet import (
    CHIP_SIZE,
    DlibResNet,
    read_published,
)
from idfsr.models.id_encoder import load_id_encoder
from idfsr.models.weights import save_weights
from tests.training.makers import make_face

from .dlib_file import write_published

CHIP_LANDMARKS = ((48.2, 45.1), (100.6, 45.2), (73.6, 79.9), (52.1, 102.4), (97.5, 102.4))
"""Medians of 115 faces in dlib's crops."""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_published(tmp_path_factory.mktemp("dlib") / "model.dat")


def test_scale_and_shift_are_folded_into_the_convolutions(published: Path) -> None:
    data, network = published.read_bytes(), read_published(published)
    start = data.index(b"con_4") + len(b"con_4") + 2 + 3 + 3 * 2
    num = network.stem.weight.numel()
    first = np.array(struct.unpack_from(f"<{num + 32}f", data, start))
    start = data.index(b"affine_") + len(b"affine_") + 2 + 2 + 3 * 2
    gamma, beta = np.array(struct.unpack_from("<64f", data, start)).reshape(2, 32)
    image = np.random.default_rng(0).standard_normal((3, 7, 7))
    wanted = (first[:num].reshape(32, -1) @ image.ravel() + first[num:]) * gamma + beta
    with torch.no_grad():
        found = network.stem(torch.from_numpy(image)[None].float())[0, :, 0, 0]
    assert found.numpy() == pytest.approx(wanted, abs=1e-4)


def test_sides_that_differ_are_filled_up(published: Path) -> None:
    """The last stages meet sides of 3 and 4, 1 and 2 pixels, which dlib adds all the same."""
    network = read_published(published)
    sides = []
    for block in network.blocks:
        block.register_forward_hook(lambda _, __, output: sides.append(output.shape[-1]))
    with torch.no_grad():
        network.describe(torch.rand(1, 3, CHIP_SIZE, CHIP_SIZE) * 255)
    assert sides == [35] * 3 + [17] * 4 + [8] * 3 + [4] * 3 + [2]


def test_crops_are_laid_onto_those_of_dlib(monkeypatch: pytest.MonkeyPatch) -> None:
    network = DlibResNet()
    seen = []
    monkeypatch.setattr(
        network, "describe", lambda chips: seen.append(chips) or torch.zeros(1, DLIB_DIM)
    )
    dots = np.zeros((112, 112, 3), np.uint8)
    for x, y in ARCFACE_LANDMARKS_112:
        dots[round(y) - 2 : round(y) + 2, round(x) - 2 : round(x) + 2] = 255
    network(to_network(dots))
    (chip,) = seen[0]
    assert chip.shape == (3, CHIP_SIZE, CHIP_SIZE)
    for x, y in CHIP_LANDMARKS:
        near = chip[:, round(y) - 6 : round(y) + 7, round(x) - 6 : round(x) + 7]
        assert near.amax((1, 2)).min() > 200  # a similarity cannot meet all five


def test_file_of_ours_is_an_id_encoder(published: Path, tmp_path: Path) -> None:
    network = read_published(published)
    network.mean.fill_(0.25)
    path = tmp_path / "id_encoder.safetensors"
    save_weights(path, network, {DLIB_NAME: "{}"})
    encoder = load_id_encoder(path)
    assert encoder.dim == id_dim_of(path) == DLIB_DIM
    crops = to_network(np.stack([make_face(index, 0, 112) for index in range(2)]))
    with torch.no_grad():
        wanted = network(crops)
    z_id = encoder.embed(crops)
    assert z_id.norm(dim=1).numpy() == pytest.approx(1, abs=1e-5)
    assert torch.nn.functional.cosine_similarity(z_id, wanted).numpy() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("damage", ["cut", "other", "missing"])
def test_another_file_is_one_line(damage: str, published: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.dat"
    if damage == "cut":
        path.write_bytes(published.read_bytes()[:-100])
    elif damage == "other":
        path.write_bytes(b"<html>no such page</html>")
    with pytest.raises(IdfsrError, match=r"model\.dat: .*, wanted dlib_face_recognition_resnet"):
        read_published(path)
