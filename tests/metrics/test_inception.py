import re
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import torch
from PIL import Image
from pytorch_fid import fid_score, inception
from torch import Tensor, nn

from idfsr.errors import IdfsrError
from idfsr.metrics.engine.frechet import frechet_distance
from idfsr.metrics.engine.metric import GT_SET, SR_SET, ImageBatch, Pairs, Resources
from idfsr.metrics.engine.unit_range import to_unit
from idfsr.metrics.inception import FAMILY
from idfsr.metrics.inception.network import WEIGHTS, inception_features, load_inception
from idfsr.metrics.inception.own_call import own_distance

CPU = torch.device("cpu")


def random_state() -> OrderedDict[str, Tensor]:
    """Fill pytorch-fid's network at random, so that its activations neither grow nor vanish."""
    with (
        patch.object(inception, "load_state_dict_from_url"),
        patch.object(nn.Module, "load_state_dict"),
    ):
        state: OrderedDict[str, Tensor] = inception.fid_inception_v3().state_dict()
    generator = torch.Generator().manual_seed(0)
    for name, tensor in list(state.items()):
        if tensor.dim() == 4:
            nn.init.kaiming_normal_(tensor, generator=generator)
        elif name.endswith(("bn.weight", "running_var")):
            tensor.uniform_(0.5, 1.5, generator=generator)
        elif name.endswith(("bn.bias", "running_mean")):
            tensor.normal_(0, 0.3, generator=generator)
        elif name.endswith("num_batches_tracked"):
            del state[name]  # the published file is older than these counters
    return OrderedDict(state)


@pytest.fixture(scope="module")
def weights_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with such a file in the format of the published one; 96 MB, likewise."""
    root = tmp_path_factory.mktemp("weights")
    (root / WEIGHTS).parent.mkdir(parents=True)
    torch.save(random_state(), root / WEIGHTS, _use_new_zipfile_serialization=False)
    return root


@pytest.fixture(scope="module")
def network(weights_dir: Path) -> nn.Module:
    return load_inception(weights_dir, CPU)


@pytest.fixture(scope="module")
def pixels(degraded: list[np.ndarray], textured: np.ndarray) -> np.ndarray:
    return np.stack([degraded[0], degraded[2], degraded[4], textured])


@pytest.fixture(scope="module")
def files(pixels: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("images")
    files = [folder / f"{index}.png" for index in range(len(pixels))]
    for file, image in zip(files, pixels, strict=True):
        Image.fromarray(image).save(file)
    return files


@pytest.fixture(scope="module")
def library(weights_dir: Path) -> nn.Module:
    """The network as pytorch-fid loads it."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("TORCH_HOME", str(weights_dir))
        network: nn.Module = inception.InceptionV3([inception.InceptionV3.BLOCK_INDEX_BY_DIM[2048]])
    return network


def test_agrees_with_pytorch_fid(
    network: nn.Module, library: nn.Module, pixels: np.ndarray, files: list[Path]
) -> None:
    wanted = fid_score.get_activations(files, library, batch_size=1, num_workers=0)
    found = inception_features(network, to_unit(pixels))
    assert found.dtype == torch.float64
    assert found.std(dim=0).mean() > 0.01 * found.mean()  # it does tell images apart
    # A feature may be all but zero at every place: what counts is its size next to the others.
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5 * wanted.mean())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the root of a singular matrix
def test_fid_is_that_of_pytorch_fid(
    network: nn.Module, library: nn.Module, pixels: np.ndarray, files: list[Path]
) -> None:
    found = inception_features(network, to_unit(pixels))
    statistics = [
        fid_score.calculate_activation_statistics(half, library, batch_size=1, num_workers=0)
        for half in (files[:2], files[2:])
    ]
    wanted = fid_score.calculate_frechet_distance(*statistics[0], *statistics[1])
    # The library adds 1e-6 to the diagonal of covariances without a root.
    assert frechet_distance(found[:2], found[2:]) == pytest.approx(wanted, rel=1e-5)


def test_neither_batch_nor_order_matters(network: nn.Module, pixels: np.ndarray) -> None:
    images = to_unit(pixels[:3])
    together = inception_features(network, images)
    atol = 1e-5 * float(together.mean())
    backwards = inception_features(network, images.flip(0)).flip(0)
    torch.testing.assert_close(backwards, together, rtol=1e-5, atol=atol)
    alone = inception_features(network, images[1:2])
    torch.testing.assert_close(alone, together[1:2], rtol=1e-5, atol=atol)


def test_nothing_is_downloaded(
    weights_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", lambda *_, **__: pytest.fail("asked"))
    before = inception.load_state_dict_from_url
    load_inception(weights_dir, CPU)
    assert inception.load_state_dict_from_url is before
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    wanted = f"{tmp_path / WEIGHTS}: no such file, wanted the weights of pytorch-fid's Inception"
    with pytest.raises(IdfsrError, match=f"^{re.escape(wanted)}$"):
        load_inception(tmp_path, CPU)


def test_files_of_other_content(
    weights_dir: Path, tmp_path: Path, expect_refusal: Callable[..., None]
) -> None:
    path = tmp_path / WEIGHTS
    expect_refusal(
        path, (weights_dir / WEIGHTS).read_bytes(), lambda: load_inception(tmp_path, CPU)
    )
    torch.save(nn.Linear(2, 3).state_dict(), path)
    with pytest.raises(IdfsrError, match=r"not the weights of pytorch-fid's Inception: .*Missing"):
        load_inception(tmp_path, CPU)


def test_both_engines_give_the_same_features(
    network: nn.Module, weights_dir: Path, pixels: np.ndarray
) -> None:
    resources = Resources(weights_dir, weights_dir, None, CPU, None)
    scorer = FAMILY.by_package(resources)
    batch = ImageBatch(pixels[:1], np.zeros((1, 112, 112, 3), np.uint8))
    found = scorer.score(Pairs(batch, batch))
    wanted = inception_features(network, to_unit(pixels[:1])).numpy()
    for column in (SR_SET, GT_SET):
        np.testing.assert_allclose(found[column], wanted, rtol=1e-4, atol=1e-5 * wanted.mean())


def test_both_distances_are_the_same() -> None:
    generator = torch.Generator().manual_seed(0)
    sr, gt = (torch.randn(9, 32, generator=generator) * width for width in (1, 2))
    assert own_distance(sr, gt) == pytest.approx(frechet_distance(sr, gt), rel=1e-5)
