"""Metrics of pyiqa by name, against the library's own call; weights are filled from a seed."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pyiqa
import pytest
import torch
from pyiqa.archs.arch_util import random_crop
from torch import nn

from idfsr.errors import IdfsrError
from idfsr.metrics.engine import pyiqa_metric
from idfsr.metrics.engine.metric import ImageBatch, OfPairs, Pairs, Resources
from idfsr.metrics.engine.pyiqa_metric import known_metrics, make_metric, pyiqa_family, score
from idfsr.metrics.engine.registry import find_families, find_family, find_metrics, module_of
from idfsr.metrics.engine.unit_range import to_unit

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    rng = np.random.default_rng(3)
    gt = rng.integers(0, 256, (3, 6, 6, 3), dtype=np.uint8).repeat(16, axis=1).repeat(16, axis=2)
    sr = np.clip(gt + rng.integers(-30, 31, gt.shape), 0, 255).astype(np.uint8)
    crops = np.zeros((3, 112, 112, 3), np.uint8)
    return Pairs(ImageBatch(sr, crops), ImageBatch(gt, crops))


def pick(pairs: Pairs, rows: list[int]) -> Pairs:
    return Pairs(*(ImageBatch(one.image[rows], one.crop[rows]) for one in (pairs.sr, pairs.gt)))


@pytest.mark.parametrize("name", ["gmsd", "ssimc", "nlpd", "entropy", "piqe"])
def test_is_the_librarys_own_value(name: str, pairs: Pairs, tmp_path: Path) -> None:
    family = pyiqa_family(f"pyiqa:{name}")
    scorer = family.load(Resources(tmp_path, tmp_path, None, CPU, None))
    assert isinstance(scorer, OfPairs)
    (column,) = scorer.score(pairs).values()
    library = pyiqa.create_metric(name, device=CPU)
    images = [to_unit(one.image).float() for one in (pairs.sr, pairs.gt)]
    images = images if library.metric_mode == "FR" else images[:1]
    wanted = [float(library(*(one[row : row + 1] for one in images))) for row in range(3)]
    np.testing.assert_allclose(column, wanted, rtol=0, atol=1e-6)


def test_a_network_filled_from_a_seed(pairs: Pairs) -> None:
    torch.manual_seed(0)
    network = pyiqa.create_metric("wadiqam_nr", device=CPU, pretrained=False)
    restored = to_unit(pairs.sr.image).float()
    wanted = [float(network(restored[row : row + 1])) for row in range(3)]
    assert len(set(wanted)) == 3
    found = score(network, "v", pairs, with_truth=False)["v"]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6)
    alone = score(network, "v", pick(pairs, [1]), with_truth=False)["v"]
    np.testing.assert_allclose(alone, found[[1]], rtol=0, atol=1e-6)


class Cropping(nn.Module):
    """Looks at four places of an image that the library draws."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return random_crop(images, 32, 4).mean()


def test_random_crops_and_batches_change_nothing(pairs: Pairs) -> None:
    network, image = Cropping(), to_unit(pairs.sr.image[:1]).float()
    assert len({float(network(image)) for _ in range(4)}) > 1

    def values(rows: list[int]) -> np.ndarray:
        return score(network, "v", pick(pairs, rows), with_truth=False)["v"]

    together = values([0, 1, 2])
    np.random.random(7)  # noqa: NPY002 - the generator that the library draws from
    np.testing.assert_allclose(values([2, 0, 1]), together[[2, 0, 1]], rtol=0, atol=1e-6)
    np.testing.assert_allclose(values([1]), together[[1]], rtol=0, atol=1e-6)


def test_random_numbers_go_on_as_they_were() -> None:
    torch.manual_seed(1)
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    wanted = torch.rand(1).item(), random.random(), np.random.random()  # noqa: NPY002
    torch.manual_seed(1)
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    with pyiqa_metric.seeded():
        torch.rand(9)
        random.random()
        np.random.random(3)  # noqa: NPY002
    assert (torch.rand(1).item(), random.random(), np.random.random()) == wanted  # noqa: NPY002


def test_facts_are_the_librarys() -> None:
    dists, face = find_metrics(["pyiqa:dists", "pyiqa:topiq_nr-face"])
    assert (dists.kind, dists.direction) == ("pair", "lower")
    assert (face.kind, face.direction) == ("image", "higher")
    assert face.title == "topiq_nr-face (pyiqa)"
    families = find_families(["psnr", "pyiqa:clipiqa+_vitL14_512"])
    assert list(families) == ["psnr", "pyiqa-clipiqa+_vitL14_512"]
    assert find_family("pyiqa-dists").metrics == (dists,)
    assert module_of("pyiqa-dists") == "idfsr.metrics.engine.pyiqa_metric"
    assert module_of("sface") == "idfsr.metrics.sface"
    assert {"maniqa", "dists", "hyperiqa"} < set(known_metrics())
    assert not {"fid", "qalign", "inception_score", "clipscore"} & set(known_metrics())


@pytest.mark.parametrize("name", ["pyiqa:niqee", "pyiqa:fid", "pyiqa:"])
def test_an_unknown_name_is_one_line(name: str) -> None:
    with pytest.raises(IdfsrError, match=f"metrics: found {name}, wanted pyiqa: and one of ahiq,"):
        find_metrics([name])


def test_what_the_library_cannot_load_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        message = "<urlopen error\n no network>"
        raise OSError(message)

    monkeypatch.setattr(pyiqa, "create_metric", refuse)
    wanted = rf"pyiqa:maniqa: could not be loaded \(<urlopen error no network>\), .*{tmp_path}/hub"
    with pytest.raises(IdfsrError, match=wanted):
        make_metric("maniqa", tmp_path, CPU)
