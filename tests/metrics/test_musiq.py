import re
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from idfsr.errors import IdfsrError
from idfsr.metrics.engine.scoring import Scores
from idfsr.metrics.engine.unit_range import to_unit
from idfsr.metrics.musiq import FAMILY
from idfsr.metrics.musiq.network import WEIGHTS, load_musiq, musiq

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def weights_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the file of an untrained network; 109 MB, as the real one."""
    from pyiqa.archs.musiq_arch import MUSIQ  # noqa: PLC0415 - slow, and reads the environment

    root = tmp_path_factory.mktemp("weights")
    (root / WEIGHTS).parent.mkdir(parents=True)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        torch.save(MUSIQ(pretrained=False).state_dict(), root / WEIGHTS)
    return root


@pytest.fixture(scope="module")
def network(weights_dir: Path) -> nn.Module:
    return load_musiq(weights_dir, CPU)


@pytest.fixture(scope="module")
def images(degraded: list[np.ndarray], textured: np.ndarray) -> Tensor:
    return to_unit(np.stack([degraded[0], degraded[4], textured]))


def test_agrees_with_pyiqa(network: nn.Module, weights_dir: Path, images: Tensor) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pyiqa  # noqa: PLC0415 - slow, and reads the environment

        metric = pyiqa.create_metric(
            "musiq", device=CPU, pretrained_model_path=str(weights_dir / WEIGHTS)
        )
    oblong = images[..., 8:40, :]
    for batch in (images, oblong):
        found = musiq(network, batch)
        wanted = [metric(image[None]).item() for image in batch.float()]
        np.testing.assert_allclose(found, wanted, rtol=1e-5)
        assert found.dtype == torch.float64
        assert found.std() > 1e-3  # the untrained network does tell images apart


def test_neither_batch_nor_order_matters(network: nn.Module, images: Tensor) -> None:
    together = musiq(network, images)
    assert torch.equal(musiq(network, images.flip(0)).flip(0), together)
    assert torch.equal(musiq(network, images[1:2]), together[1:2])


def test_nothing_is_downloaded(weights_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.hub, "download_url_to_file", lambda *_, **__: pytest.fail("asked"))
    load_musiq(weights_dir, CPU)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    wanted = f"{tmp_path / WEIGHTS}: no such file, wanted the weights of MUSIQ for KonIQ-10k"
    with pytest.raises(IdfsrError, match=f"^{re.escape(wanted)}$"):
        load_musiq(tmp_path, CPU)


def test_files_of_other_content(
    weights_dir: Path, tmp_path: Path, expect_refusal: Callable[..., None]
) -> None:
    path = tmp_path / WEIGHTS
    expect_refusal(path, (weights_dir / WEIGHTS).read_bytes(), lambda: load_musiq(tmp_path, CPU))


def test_weights_of_another_data_set(weights_dir: Path, tmp_path: Path) -> None:
    # The network for AVA gives a distribution over ten scores.
    path = tmp_path / WEIGHTS
    path.parent.mkdir(parents=True)
    state = torch.load(weights_dir / WEIGHTS, weights_only=True)
    state["head.0.weight"] = state.pop("head.weight")
    torch.save(state, path)
    with pytest.raises(IdfsrError, match=r"1 missing such as head.weight and 1 unexpected"):
        load_musiq(tmp_path, CPU)


def test_both_engines_give_the_same(
    weights_dir: Path, by_both_engines: Callable[..., list[Scores]], degraded: list[np.ndarray]
) -> None:
    sr, gt = np.stack(degraded[2:]), np.stack([degraded[0]] * 3)
    fast, library = by_both_engines(FAMILY, weights_dir, sr, gt)
    assert fast.columns.keys() == library.columns.keys() == {"musiq"}
    np.testing.assert_allclose(library.columns["musiq"], fast.columns["musiq"], rtol=1e-5)
    assert fast.columns["musiq"].std() > 1e-4
