"""Other methods on photographs, and networks that enlarge the whole of one."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from idfsr.errors import IdfsrError
from idfsr.io.images import resize
from idfsr.photographs.background import MARGIN, TILE, enlarge, load_enlarger
from idfsr.photographs.choose import Wishes
from idfsr.photographs.methods import other_methods
from idfsr.photographs.networks import PhotographNetworks, with_method
from idfsr.photographs.person import Person
from idfsr.photographs.restore import restore_photograph
from tests.photographs.conftest import draw, photograph

FORCED = Wishes(scale_factor=4, force=True)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def embedded(loaded: PhotographNetworks) -> PhotographNetworks:
    """The networks, with the small ones of the methods in the place of the published ones."""
    weights = dataclasses.replace(loaded.config.weights, baselines="idfsr/weights/weights.yaml")
    return dataclasses.replace(loaded, config=dataclasses.replace(loaded.config, weights=weights))


@pytest.fixture
def enlarger_file(tmp_path: Path) -> Path:
    """A network in the format of Real-ESRGAN's compact ones, filled from a seed; x2."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 4, 3), nn.PReLU(4), nn.Conv2d(4, 4, 3), nn.PReLU(4), nn.Conv2d(4, 12, 3)]
    path = tmp_path / "enlarger.pth"
    torch.save({"params": nn.ModuleDict({"body": nn.Sequential(*layers)}).state_dict()}, path)
    return path


def test_all_methods_but_those_of_a_fit_file_can_be_asked_for() -> None:
    methods = other_methods()
    assert {"bicubic", "codeformer", "gfpgan", "difface", "idfsr-mean", "dmdnet"} <= set(methods)
    assert "idfsr-ft" not in methods


@pytest.mark.parametrize(("name", "size"), [("bicubic", 32), ("codeformer", 64), ("asffnet", 64)])
def test_a_method_restores_at_its_own_size(
    tmp_path: Path, embedded: PhotographNetworks, person: Person, name: str, size: int
) -> None:
    """A face of 12 pixels; everything else of the photograph stays, and no trial is quoted."""
    path = photograph(tmp_path / "in.png", (1, 7, 100), side=12)
    loaded = with_method(embedded, name)
    assert loaded.config.shards.image_size == size
    assert loaded.other is not None
    assert loaded.other.restorer(4).native_size == (None if name == "bicubic" else size)
    done = restore_photograph(path, person, loaded, FORCED)
    assert done.image is not None
    assert "nobody tried this size" in done.choices[0].reason
    assert done.enlarged == {32: 3, 64: 4}[size]
    plain = done.original.enlarged(done.enlarged)
    changed = (np.array(done.image) != plain).any(axis=2)
    left, right = (edge * done.enlarged for edge in (100, 112))
    assert not changed[:, :left].any()
    assert not changed[:, right:].any()
    assert changed.any() or name == "bicubic"  # which has next to nothing to add


def test_missing_weights_are_one_line(
    loaded: PhotographNetworks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDFSR_WEIGHTS", str(tmp_path))
    with pytest.raises(IdfsrError, match=r"no such file, wanted for codeformer, from"):
        with_method(loaded, "codeformer")


def test_the_background_is_the_enlargers(
    tmp_path: Path, loaded: PhotographNetworks, person: Person, enlarger_file: Path
) -> None:
    path = photograph(tmp_path / "in.png", (1, 7, 100), side=12)
    enlarger = load_enlarger(enlarger_file, CPU)
    large = enlarge(draw((1, 7, 100), side=12), 3, enlarger, CPU)
    done = restore_photograph(path, person, dataclasses.replace(loaded, enlarger=enlarger), FORCED)
    assert done.image is not None
    assert done.enlarged == 3
    changed = (np.array(done.image) != large).any(axis=2)
    assert changed[60:96, 300:336].any()
    changed[60:96, 300:336] = False
    assert not changed.any()
    assert (large != done.original.enlarged(3)).any()


def test_tiles_leave_no_seams(enlarger_file: Path) -> None:
    enlarger = load_enlarger(enlarger_file, CPU)
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (TILE + 30, TILE + 50, 3), dtype=np.uint8)
    whole = torch.from_numpy(image.transpose(2, 0, 1)[None] / np.float32(255))
    wanted = enlarger(whole)[0].numpy().transpose(1, 2, 0) * 255
    found = enlarge(image, 2, enlarger, CPU)
    edge = 2 * MARGIN  # there the network pads with zeros, the tiles with the nearest pixel
    inner = (slice(edge, -edge), slice(edge, -edge))
    assert np.abs(found[inner] - wanted[inner]).max() < 1
    assert enlarge(image, 4, enlarger, CPU).shape == (4 * TILE + 120, 4 * TILE + 200, 3)
    plain = resize(image, found.shape[:2], "bicubic")
    assert np.abs(found.astype(int) - plain).mean() > 1


def test_what_is_no_enlarger_is_one_line(tmp_path: Path) -> None:
    text = tmp_path / "a.pth"
    text.write_text("no network")
    with pytest.raises(IdfsrError, match=r"a\.pth: .*wanted a network for super-resolution"):
        load_enlarger(text, CPU)
    other = tmp_path / "b.safetensors"
    save_file({"weight": torch.zeros(3)}, other)
    with pytest.raises(IdfsrError, match=r"b\.safetensors: found an architecture that spandrel"):
        load_enlarger(other, CPU)
    with pytest.raises(IdfsrError, match=r"c\.pth: no such file"):
        load_enlarger(tmp_path / "c.pth", CPU)
