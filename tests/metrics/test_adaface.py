"""AdaFace against the numbers of its authors' program, both filled by the names of the tensors."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from idfsr.errors import IdfsrError
from idfsr.metrics.adaface import network as adaface
from idfsr.metrics.adaface.network import AdaFace, load_adaface
from idfsr.metrics.engine.metric import ImageBatch, Resources
from idfsr.metrics.engine.registry import find_family
from idfsr.models.iresnet import IResNetConfig
from tests.models.golden_values import (
    assert_golden,
    fill_by_name,
    golden,
    golden_keys,
    shapes,
    uniform_image,
)

IR18 = IResNetConfig((2, 2, 2, 2), (64, 128, 256, 512))
TINY = IResNetConfig((1, 1, 2, 1), (4, 4, 6, 8))
CPU = torch.device("cpu")


def fill(network: nn.Module) -> nn.Module:
    """Fill a network; variances are positive."""
    fill_by_name(network)
    for name, buffer in network.named_buffers():
        if name.endswith("running_var"):
            buffer.abs_().add_(0.5)
    return network.eval()


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of weights with a small network in the place of the published one."""
    build = adaface.AdaFace
    monkeypatch.setattr(adaface, "AdaFace", lambda: build(TINY))
    state = fill(build(TINY)).state_dict()
    path = tmp_path / adaface.WEIGHTS
    path.parent.mkdir()
    torch.save({f"net.{name}": tensor for name, tensor in state.items()}, path)
    return tmp_path


def test_has_the_published_names_and_shapes() -> None:
    with torch.device("meta"):
        network = AdaFace()
    assert shapes(network, "net.") == golden_keys("adaface_ir101")


@torch.no_grad()
def test_agrees_with_the_published_program() -> None:
    network = fill(AdaFace(IR18))
    found = network(uniform_image(0, 112))
    assert_golden(found, golden("adaface")["adaface_ir18"]["out"])
    length = network.embed(uniform_image(0, 112)).norm()  # type: ignore[operator]
    assert length.item() == pytest.approx(1, abs=1e-6)


def test_the_family_from_a_file_to_columns(published: Path) -> None:
    family = find_family("adaface")
    scorer = family.load(Resources(published, published, None, CPU, None))
    crops = np.random.default_rng(0).integers(0, 256, (3, 112, 112, 3), dtype=np.uint8)
    with torch.inference_mode():
        together = scorer.extract(ImageBatch(crops, crops))  # type: ignore[union-attr]
        alone = scorer.extract(ImageBatch(crops[1:2], crops[1:2]))  # type: ignore[union-attr]
    np.testing.assert_allclose(together["embedding"][1:2], alone["embedding"], atol=1e-6)
    columns = scorer.compare(together, together)  # type: ignore[union-attr]
    assert list(columns) == ["ids_adaface", "like_reference_adaface", "like_photographs_adaface"]
    assert columns["ids_adaface"] == pytest.approx(np.zeros(3), abs=1e-6)


def test_a_file_that_is_not_the_published_one_is_refused(
    published: Path, expect_refusal: Callable[[Path, bytes, Callable[[], object]], None]
) -> None:
    path = published / adaface.WEIGHTS
    whole = path.read_bytes()
    torch.save({"net.body.0": torch.zeros(1)}, path)
    with pytest.raises(IdfsrError, match="tensors of another network"):
        load_adaface(published, CPU)
    path.unlink()
    path.parent.rmdir()
    expect_refusal(path, whole, lambda: load_adaface(published, CPU))
