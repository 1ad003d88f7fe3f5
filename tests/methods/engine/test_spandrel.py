import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from spandrel import ModelDescriptor, ModelLoader
from spandrel.architectures.GFPGAN import GFPGAN
from spandrel.architectures.RestoreFormer import RestoreFormer
from torch import Tensor, nn

from idfsr.errors import IdfsrError
from idfsr.io.tensors import from_network
from idfsr.io.weights_list import MANIFEST
from idfsr.methods.engine.check import check_method, check_restorer, make_examples
from idfsr.methods.engine.contract import Context
from idfsr.methods.engine.native import upsampled_lr
from idfsr.methods.engine.registry import find_method, load_method
from idfsr.methods.engine.spandrel import SpandrelRestorer
from idfsr.methods.gfpgan.restore import GfpganRestorer
from idfsr.methods.restoreformer.restore import RestoreFormerRestorer
from idfsr.run.config import Config, stage_settings
from tests.models.golden_values import fill_by_name

SIZE = 32


class SmallGfpgan(GfpganRestorer):
    @classmethod
    def make_network(cls) -> nn.Module:
        network: nn.Module = GFPGAN(
            out_size=SIZE, num_style_feat=16, channel_multiplier=1, narrow=1 / 32
        )
        return network

    @property
    def native_size(self) -> int:
        return SIZE


class SmallRestoreFormer(RestoreFormerRestorer):
    @classmethod
    def make_network(cls) -> nn.Module:
        network: nn.Module = RestoreFormer(
            n_embed=16, embed_dim=32, ch=32, ch_mult=(1, 2, 2), num_res_blocks=1,
            attn_resolutions=(8,), resolution=SIZE, z_channels=32, head_size=4,
        )  # fmt: skip
        return network

    @property
    def native_size(self) -> int:
        return SIZE


METHODS = [SmallGfpgan, SmallRestoreFormer]


def save_published(network: nn.Module, path: Path) -> None:
    fill_by_name(network)
    torch.save({"params_ema": network.state_dict()}, path)


def load(method: type[SpandrelRestorer], path: Path) -> SpandrelRestorer:
    return method.load(Context(seed=0, scale_factor=8, weights={"network": path}))


@pytest.mark.parametrize("method", METHODS)
def test_keeps_the_contract(method: type[SpandrelRestorer], tmp_path: Path) -> None:
    save_published(method.make_network(), tmp_path / "network.pth")
    check_restorer(load(method, tmp_path / "network.pth"), make_examples(SIZE, 8, 3))


@pytest.mark.parametrize("method", METHODS)
@torch.no_grad()
def test_network_gets_the_enlarged_face(method: type[SpandrelRestorer], tmp_path: Path) -> None:
    save_published(method.make_network(), tmp_path / "network.pth")
    ready = load(method, tmp_path / "network.pth")
    examples = make_examples(SIZE, 8, 2)
    wanted = torch.cat([ready.run(face[None]).clamp(-1, 1) for face in upsampled_lr(examples)])
    np.testing.assert_array_equal(ready.restore(examples), from_network(wanted))


def test_noise_is_that_of_the_file(tmp_path: Path) -> None:
    network = SmallGfpgan.make_network()
    save_published(network, tmp_path / "network.pth")
    examples = make_examples(SIZE, 8, 1)
    restored = load(SmallGfpgan, tmp_path / "network.pth").restore(examples)
    state = network.state_dict()
    noises = {name: 0 * noise for name, noise in state.items() if ".noises." in name}
    torch.save({"params_ema": state | noises}, tmp_path / "silent.pth")
    assert (load(SmallGfpgan, tmp_path / "silent.pth").restore(examples) != restored).any()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "call"),
    [
        # spandrel leaves the range to the caller, and draws noise unless told
        (GfpganRestorer, lambda theirs, faces: theirs.model(faces, randomize_noise=False)[0]),
        (RestoreFormerRestorer, lambda theirs, faces: 2 * theirs((faces + 1) / 2) - 1),
    ],
)
@torch.inference_mode()
def test_published_sizes_give_what_spandrel_gives(
    method: type[SpandrelRestorer],
    call: Callable[[ModelDescriptor, Tensor], Tensor],
    tmp_path: Path,
) -> None:
    path = tmp_path / "network.pth"
    save_published(method.make_network(), path)
    faces = upsampled_lr(make_examples(512, 16, 1))
    wanted = call(ModelLoader("cpu").load_from_file(path), faces).clamp(-1, 1)
    found = load(method, path).run(faces).clamp(-1, 1)
    assert wanted.std() > 0.1
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-4 * float(wanted.std()))


def test_another_network_is_refused(tmp_path: Path) -> None:
    save_published(SmallGfpgan.make_network(), tmp_path / "network.pth")
    with pytest.raises(IdfsrError, match=r"network\.pth: RestoreFormer: tensors of another"):
        load(SmallRestoreFormer, tmp_path / "network.pth")


@pytest.mark.parametrize("name", ["gfpgan", "restoreformer"])
def test_missing_package_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check_method(find_method(name))
    monkeypatch.setitem(sys.modules, "spandrel", None)
    with pytest.raises(IdfsrError, match=f"{name}: no package spandrel, wanted from pip install"):
        load_method(
            name,
            stage_settings(Config(), f"restore-{name}"),
            scale_factor=8,
            weights_list=MANIFEST,
            model=None,
        )
