"""Small inputs that several tests share."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from idfsr.io.degradation import degrade
from idfsr.io.images import encode_png, resize
from idfsr.run.config import Config, stage_json


def pytest_configure(config: pytest.Config) -> None:
    """Give each worker of pytest-xdist its share of the cores, so that threads do not wait."""
    num_workers = getattr(config, "workerinput", {}).get("workercount", 1)
    if num_workers > 1:
        torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) // num_workers))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Order the files so that no worker of pytest-xdist waits long.

    The first file makes the tiny run, slow ones that do without it come next, then the others that
    want it, those of Slurm first, and the fast ones at the end.
    """
    if not hasattr(config, "workerinput"):
        return
    ranks: dict[Path, int] = {}
    for item in items:
        marks = {mark.name for mark in item.iter_markers()}
        rank = 4
        if "tiny_run" in getattr(item, "fixturenames", ()):
            rank = 2 if "slurm" in marks else 3
        elif marks & {"slow", "slurm"}:
            rank = 1
        ranks[item.path] = min(rank, ranks.get(item.path, rank))
    makes_it = next((item.path for item in items if ranks[item.path] == 2), None)
    items.sort(key=lambda item: -1 if item.path == makes_it else ranks[item.path])


def make_image(index: int, size: int = 64) -> np.ndarray:
    """Return a smooth image that differs for each index."""
    rng = np.random.default_rng(index)
    coarse = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return resize(coarse, (size, size), "bicubic")


def make_row(
    identity: str,
    image: str,
    part: str = "pretrain",
    scale_factor: int = 8,
    num_references: int = 2,
) -> dict[str, Any]:
    """Return a row of a shard at 64 px whose every image is different."""
    seed = abs(int.from_bytes(f"{identity}/{image}".encode())) % 1_000_003
    rng = np.random.default_rng(seed)
    gt_image = make_image(seed)

    def embedding() -> np.ndarray:
        vector = rng.standard_normal(512).astype(np.float32)
        return vector / np.linalg.norm(vector)

    return {
        "identity": identity,
        "image": image,
        "part": part,
        "scale_factor": scale_factor,
        "gt_image": encode_png(gt_image),
        "ref_image": None,
        "lr_image": encode_png(degrade(gt_image, scale_factor)),
        "landmarks": np.arange(10, dtype=np.float32),
        "lr_landmarks": np.arange(10, dtype=np.float32) + 0.5,
        "lr_detected": True,
        "mask_box": np.array([16, 8, 40, 48], np.int32),
        "z_id": embedding(),
        "references": [
            {
                "image": f"r{index}",
                "warped_ref": encode_png(make_image(seed + 1 + index)),
                "affine": np.array([1, 0, 0, 0, 1, 0], np.float32),
                "well_conditioned": True,
                "z_id": embedding(),
            }
            for index in range(num_references)
        ],
    }


@pytest.fixture(scope="session")
def chromium() -> str:
    """Debian's Chromium, installed if this is CI; without it the tests in a browser are skipped."""
    if shutil.which("chromium") is None:
        if not os.environ.get("CI"):
            pytest.skip("no chromium: apt-get install chromium, or set CI=1 to have it installed")
        subprocess.run([Path(__file__).with_name("install_chromium.sh")], check=True)
    return shutil.which("chromium") or "chromium"


@pytest.fixture
def shard_row() -> Callable[..., dict[str, Any]]:
    return make_row


@pytest.fixture
def photo_tree(tmp_path: Path) -> Path:
    """A root with identities ann (3 images), bob (2) and cat (1), 64 x 48 pixels."""
    root = tmp_path / "photos"
    index = 0
    for identity, num_images in (("ann", 3), ("bob", 2), ("cat", 1)):
        (root / identity).mkdir(parents=True)
        for image in range(num_images):
            pixels = make_image(index, 64)[:48]
            Image.fromarray(pixels).save(root / identity / f"{image}.png")
            index += 1
    return root


@pytest.fixture
def stage_config(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A function that writes the default settings of a stage and returns the file."""

    def write(stage: str) -> Path:
        path = tmp_path / f"{stage}.json"
        path.write_text(stage_json(Config(), stage))
        return path

    return write
