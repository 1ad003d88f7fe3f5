import re
import warnings
from collections.abc import Callable
from pathlib import Path

import lpips
import numpy as np
import pytest
import torch
import torchvision
from torch import Tensor, nn

from idfsr.errors import IdfsrError
from idfsr.metrics.engine.scoring import Scores
from idfsr.metrics.engine.unit_range import to_unit
from idfsr.metrics.lpips import FAMILY
from idfsr.metrics.lpips.network import WEIGHTS, load_lpips, lpips_distance

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def weights_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the file of an untrained AlexNet, in place of torchvision's."""
    root = tmp_path_factory.mktemp("weights")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        state = torchvision.models.alexnet(weights=None).state_dict()
    for name in state:
        if name.startswith("classifier."):  # of no use here; one number for all saves 230 MB
            state[name] = torch.zeros(()).expand(state[name].shape)
    (root / WEIGHTS).parent.mkdir(parents=True)
    torch.save(state, root / WEIGHTS)
    return root


@pytest.fixture(scope="module")
def network(weights_dir: Path) -> nn.Module:
    return load_lpips(weights_dir, CPU)


@pytest.fixture(scope="module")
def libraries(weights_dir: Path) -> list[nn.Module]:
    """The package `lpips` and pyiqa's copy, each with its own way to the same files."""
    linear = Path(lpips.__file__).parent / "weights/v0.1/alex.pth"
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setenv("TORCH_HOME", str(weights_dir))
        warnings.simplefilter("ignore")
        import pyiqa  # noqa: PLC0415 - it reads the environment when imported

        return [
            lpips.LPIPS(net="alex", verbose=False),
            pyiqa.create_metric("lpips", device=CPU, pretrained_model_path=str(linear)),
        ]


@pytest.fixture(scope="module")
def images(degraded: list[np.ndarray], textured: np.ndarray) -> Tensor:
    """The portrait, four degraded copies of it, and another image."""
    return to_unit(np.stack([*degraded, textured]))


@torch.inference_mode()
def test_agrees_with_both_packages(
    network: nn.Module, libraries: list[nn.Module], images: Tensor
) -> None:
    gt_image = images[:1].expand_as(images[1:])
    found = lpips_distance(network, images[1:], gt_image)
    for library, option in zip(libraries, ({"normalize": True}, {}), strict=True):
        pairs = zip(images[1:].float(), gt_image.float(), strict=True)
        wanted = [library(sr[None], gt[None], **option).item() for sr, gt in pairs]
        np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_zero_on_itself_and_symmetric(network: nn.Module, images: Tensor) -> None:
    assert lpips_distance(network, images, images).tolist() == [0.0] * len(images)
    there = lpips_distance(network, images[:-1], images[1:])
    torch.testing.assert_close(lpips_distance(network, images[1:], images[:-1]), there)
    assert there.dtype == torch.float64


def test_neither_batch_nor_order_matters(network: nn.Module, images: Tensor) -> None:
    sr_image, gt_image = images[1:], images[:-1]
    together = lpips_distance(network, sr_image, gt_image)
    backwards = lpips_distance(network, sr_image.flip(0), gt_image.flip(0)).flip(0)
    alone = [
        lpips_distance(network, sr[None], gt[None])
        for sr, gt in zip(sr_image, gt_image, strict=True)
    ]
    torch.testing.assert_close(backwards, together, rtol=1e-5, atol=0)
    torch.testing.assert_close(torch.cat(alone), together, rtol=1e-5, atol=0)


def test_nothing_is_downloaded(
    weights_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        pytest.fail("asked for a download")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", refuse)
    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    load_lpips(weights_dir, CPU)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    wanted = re.escape(f"{tmp_path / WEIGHTS}: no such file, wanted the weights of AlexNet")
    with pytest.raises(IdfsrError, match=f"^{wanted}$"):
        load_lpips(tmp_path, CPU)


def test_files_of_other_content(
    weights_dir: Path, tmp_path: Path, expect_refusal: Callable[..., None]
) -> None:
    path = tmp_path / WEIGHTS
    expect_refusal(path, (weights_dir / WEIGHTS).read_bytes(), lambda: load_lpips(tmp_path, CPU))
    torch.save(nn.Linear(2, 3).state_dict(), path)
    with pytest.raises(IdfsrError, match=r"another network: 10 missing such as features.0.weight$"):
        load_lpips(tmp_path, CPU)


def test_both_engines_give_the_same(
    weights_dir: Path, by_both_engines: Callable[..., list[Scores]], degraded: list[np.ndarray]
) -> None:
    sr, gt = np.stack(degraded[2:]), np.stack([degraded[0]] * 3)
    fast, library = by_both_engines(FAMILY, weights_dir, sr, gt)
    assert fast.columns.keys() == library.columns.keys() == {"lpips"}
    np.testing.assert_allclose(library.columns["lpips"], fast.columns["lpips"], rtol=1e-5)
    assert fast.columns["lpips"].std() > 1e-4
