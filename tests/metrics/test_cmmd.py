"""CMMD against the package `clip`, and its formula against sums written out."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from idfsr.errors import IdfsrError
from idfsr.metrics.cmmd.network import WEIGHTS, Clip, clip_embeddings, cmmd, load_clip
from idfsr.metrics.engine.metric import ImageBatch

from .test_clipiqa import SMALL, VISION_TRANSFORMER, write_archive

CPU = torch.device("cpu")

pytestmark = pytest.mark.filterwarnings("ignore")  # the package imports pkg_resources


@pytest.fixture(scope="module")
def weights_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("weights")
    write_archive(root / WEIGHTS, VISION_TRANSFORMER)
    return root


@pytest.fixture(scope="module")
def network(weights_dir: Path) -> Clip:
    return load_clip(weights_dir, CPU)


@pytest.fixture(scope="module")
def batch(degraded: list[np.ndarray], textured: np.ndarray) -> ImageBatch:
    images = np.stack([degraded[0], degraded[4], textured])
    return ImageBatch(images, np.zeros((3, 112, 112, 3), np.uint8))


def test_agrees_with_the_package(network: Clip, weights_dir: Path, batch: ImageBatch) -> None:
    import clip  # noqa: PLC0415 - it warns when imported

    library, transform = clip.load(str(weights_dir / WEIGHTS), device="cpu", jit=False)
    with torch.no_grad():
        wanted = torch.cat(
            [library.encode_image(transform(Image.fromarray(one))[None]) for one in batch.image]
        )
    found = clip_embeddings(network, batch)
    torch.testing.assert_close(found, nn.functional.normalize(wanted), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(3))
    assert (found[0] - found[2]).norm() > 1e-3  # the untrained network does tell images apart


def test_the_estimate_by_hand() -> None:
    x, y = torch.tensor([[1.0, 0], [0, 1]]), torch.tensor([[1.0, 0], [-1, 0], [0, -1]])

    def kernel(a: torch.Tensor, b: torch.Tensor) -> float:
        return math.exp(-float((a - b).square().sum()) / 200)

    of_x = kernel(x[0], x[1])
    of_y = (kernel(y[0], y[1]) + kernel(y[0], y[2]) + kernel(y[1], y[2])) / 3
    across = sum(kernel(a, b) for a in x for b in y) / 6
    assert cmmd(x, y) == pytest.approx(1000 * (of_x + of_y - 2 * across), rel=1e-6)
    assert of_x == pytest.approx(math.exp(-0.01))


def test_expectation_of_one_distribution_is_zero() -> None:
    generator = torch.Generator().manual_seed(0)
    draws = nn.functional.normalize(torch.randn(400, 5, 64, generator=generator), dim=2)
    values = torch.tensor([cmmd(draw[:3], draw[3:]) for draw in draws])
    assert abs(float(values.mean())) < 4 * float(values.std()) / 20
    assert (values < 0).any()
    assert (values > 0).any()


def test_one_image_is_refused() -> None:
    with pytest.raises(ValueError, match="1 and 2 images"):
        cmmd(torch.ones(1, 3), torch.ones(2, 3))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    wanted = f"{tmp_path / WEIGHTS}: no such file, wanted the weights of CLIP with ViT-L/14 at"
    with pytest.raises(IdfsrError, match=f"^{re.escape(wanted)}"):
        load_clip(tmp_path, CPU)


def test_files_of_other_content(tmp_path: Path) -> None:
    path = tmp_path / WEIGHTS
    path.parent.mkdir(parents=True)
    wanted = rf"^{re.escape(str(path))}: not OpenAI's TorchScript archive of CLIP: .+$"
    for content in (b"<html>Not found</html>", b""):
        path.write_bytes(content)
        with pytest.raises(IdfsrError, match=wanted):
            load_clip(tmp_path, CPU)


def test_another_clip(tmp_path: Path) -> None:
    write_archive(tmp_path / WEIGHTS, SMALL)
    with pytest.raises(IdfsrError, match="found CLIP with ModifiedResNet, wanted ViT-L/14"):
        load_clip(tmp_path, CPU)
