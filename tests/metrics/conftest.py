"""Images and a small run for the tests of the metrics."""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skimage.data
import torch
from PIL import Image

from idfsr.errors import IdfsrError
from idfsr.io.images import encode_png
from idfsr.io.shards import write_shard
from idfsr.io.tables import write_table
from idfsr.metrics.engine.metric import Family, ImageBatch, Pairs, Resources
from idfsr.metrics.engine.scoring import Scores, score_pairs


@pytest.fixture(scope="session")
def assets_dir() -> Path:
    return Path(__file__).parents[2] / ".assets"


@pytest.fixture(scope="session")
def test_data() -> Path:
    """A folder with real-faces/<person>/<photograph>."""
    folder = os.environ.get("IDFSR_TEST_DATA")
    if folder is None:
        pytest.skip("IDFSR_TEST_DATA is not set: no real photographs")
    return Path(folder)


@pytest.fixture
def expect_refusal() -> Callable[[Path, bytes, Callable[[], object]], None]:
    """Check that a weight file that is cut short, or is no such file, is refused by its name."""

    def check(path: Path, whole: bytes, load: Callable[[], object]) -> None:
        path.parent.mkdir(parents=True)
        for content in (whole[: len(whole) // 2], b"<html>Not found</html>", b""):
            path.write_bytes(content)
            expected = rf"^{re.escape(str(path))}: .+ wanted the weights of "
            with pytest.raises(IdfsrError, match=expected):
                load()

    return check


@dataclass
class EngineSettings:
    """Those that a family can ask of."""

    engine: str
    enforce_detection: bool = False


Engines = Callable[[Family, Path, np.ndarray, np.ndarray], list[Scores]]


@pytest.fixture(scope="session")
def by_both_engines() -> Engines:
    """Score restored images and ground truths by both engines, the fast one first."""

    def score(family: Family, weights: Path, sr: np.ndarray, gt: np.ndarray) -> list[Scores]:
        found = []
        faces = np.zeros((len(sr), 112, 112, 3), np.uint8)
        for engine in ("fast", "library"):
            settings = EngineSettings(engine)
            own = family.by_engine(settings)
            resources = Resources(weights, weights, None, torch.device("cpu"), settings)
            truth = {"": None if own.of_truth else {}}
            pairs = iter([Pairs(ImageBatch(sr, faces), ImageBatch(gt, faces))])
            found.append(score_pairs({"": own.load(resources)}, pairs, len(sr), truth)[""])
        return found

    return score


@pytest.fixture(scope="session")
def textured() -> np.ndarray:
    """A field of colour with fine grain, 64 x 64, made of integers alone."""
    rng = np.random.default_rng(7)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    smooth = np.array(coarse.resize((64, 64), Image.Resampling.BICUBIC)).astype(np.int64)
    grain = rng.integers(-20, 21, (64, 64, 1))
    return np.clip(smooth + grain, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def portrait() -> np.ndarray:
    """The head of scikit-image's astronaut, 64 x 64."""
    head = Image.fromarray(skimage.data.astronaut()[0:256, 96:352])
    return np.array(head.resize((64, 64), Image.Resampling.LANCZOS))


@pytest.fixture(scope="session")
def degraded(portrait: np.ndarray) -> list[np.ndarray]:
    """The portrait, then after bicubic x2, x4, x8 and x16 and back."""
    image = Image.fromarray(portrait)
    return [
        np.array(
            image.resize((64 // factor, 64 // factor), Image.Resampling.BICUBIC).resize(
                (64, 64), Image.Resampling.BICUBIC
            )
        )
        for factor in (1, 2, 4, 8, 16)
    ]


TEST_KEYS = (("00001", "0"), ("00001", "1"), ("00002", "0"))
LANDMARKS = np.array([20, 26, 44, 25, 33, 38, 24, 48, 41, 47], dtype=np.float32)


@dataclass
class Run:
    """Files of a run with three test images, and a way to write other restored ones."""

    shards: list[Path]
    restored: list[Path]
    gt_images: dict[tuple[str, str], np.ndarray]
    sr_images: dict[tuple[str, str], np.ndarray]
    folder: Path

    def restore(self, keys: Sequence[tuple[str, str]], **changes: Any) -> Path:
        """Write a table with the restored images of these keys, columns replaced by changes."""
        values = {
            "identity": [identity for identity, _ in keys],
            "image": [image for _, image in keys],
            "scale_factor": 8,
            "method": "bicubic",
            "sr_image": [encode_png(self.sr_images[key]) for key in keys],
            "model_digest": "0123456789abcdef",
        }
        path = self.folder / f"restored-{len(list(self.folder.glob('restored-*')))}.parquet"
        write_table(pd.DataFrame(values | changes), path)
        return path


@pytest.fixture
def small_run(
    tmp_path: Path, shard_row: Callable[..., dict[str, Any]], degraded: list[np.ndarray]
) -> Run:
    """A shard of three test rows and a pretraining row, restored in two tables."""
    shard = tmp_path / "test-00000.parquet"
    gt_images = {key: np.roll(degraded[0], 5 * i, axis=1) for i, key in enumerate(TEST_KEYS)}
    sr_images = {key: np.roll(degraded[3], 5 * i, axis=1) for i, key in enumerate(TEST_KEYS)}
    rows = [
        shard_row(*key, part="test")
        | {"gt_image": encode_png(gt_images[key]), "landmarks": LANDMARKS}
        for key in TEST_KEYS
    ]
    write_shard([shard_row("00009", "0"), *rows], shard, {})
    run = Run([shard], [], gt_images, sr_images, tmp_path)
    run.restored = [run.restore(TEST_KEYS[2:]), run.restore(TEST_KEYS[1::-1])]
    return run
