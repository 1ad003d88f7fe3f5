"""How long Snakemake thinks about the paper's run, and how many jobs it makes of it.

Fabricates a data set of tiny images in the layout of CelebRef-HQ, indexes and splits it, and prints
time and memory of `snakemake --dry-run` over the whole of config/celebref-hq.yaml, with the jobs of
each rule and the summary of the split.

    python benchmarks/dag.py --identities 1005 --images 10555
    python benchmarks/dag.py --identities 10000 --images 105000
"""

import argparse
import io
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import trange

from idfsr.dataset.index import build_manifest
from idfsr.dataset.listing import stat_images, write_listing
from idfsr.dataset.split import split_images, summarise
from idfsr.io.schemas import MANIFEST_SCHEMA
from idfsr.io.tables import write_table, write_tsv
from idfsr.io.weights_list import read_manifest
from idfsr.run.config import STAGES, load_config, stage_json

ROOT = Path(__file__).parents[1]
SOURCES = ("workflow", "idfsr", "config", "envs", "profiles", "slurm")
CONFIG = Path("config/celebref-hq.yaml")
FEWEST_IMAGES = 3
"""Of an identity; the rest are dealt at random."""


def fabricate_images(root: Path, num_identities: int, num_images: int) -> None:
    """Write images of 16 x 16 pixels, no two the same, in a folder for each identity."""
    rng = np.random.default_rng(0)
    spare = num_images - FEWEST_IMAGES * num_identities
    counts = FEWEST_IMAGES + rng.multinomial(spare, np.full(num_identities, 1 / num_identities))
    for identity in trange(num_identities, desc="identities"):
        folder = root / f"{identity + 1:05d}"
        folder.mkdir(parents=True)
        for image in range(counts[identity]):
            data = io.BytesIO()
            Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)).save(data, "BMP")
            (folder / f"{image}.bmp").write_bytes(data.getvalue())


def fabricate_run(folder: Path, num_identities: int, num_images: int) -> None:
    """Make a project in which the stages up to the split are done; every image is said to serve."""
    for name in SOURCES:
        shutil.copytree(ROOT / name, folder / name)
    settings = folder / CONFIG
    text = settings.read_text(encoding="utf-8")
    settings.write_text(
        text.replace("weights:\n", "weights:\n  other_files: true\n"), encoding="utf-8"
    )
    config = load_config(settings)
    for file in read_manifest().values():
        weights = folder / "weights" / file.path
        weights.parent.mkdir(parents=True, exist_ok=True)
        weights.touch()
    fabricate_images(folder / config.dataset.root, num_identities, num_images)

    results = folder / "results" / config.run
    (results / "config").mkdir(parents=True)
    for stage in STAGES:
        (results / "config" / f"{stage}.json").write_text(f"{stage_json(config, stage)}\n")
    manifest = build_manifest(folder / config.dataset.root, len(os.sched_getaffinity(0)))
    write_table(manifest, results / "manifest.parquet", MANIFEST_SCHEMA)
    digests = dict(zip(manifest["path"], manifest["sha256"], strict=True))
    write_listing(results / "listing.tsv", stat_images(folder / config.dataset.root), digests)
    (results / "landmarks").mkdir()
    for shard in range(-(-len(manifest) // config.landmarks.images_per_shard)):
        (results / "landmarks" / f"shard-{shard:05d}.parquet").touch()
    write_table(manifest, results / "quality.parquet")
    split = split_images(manifest, config.split, config.seed)
    write_tsv(split, results / "split.tsv")
    summary = summarise(split)
    write_tsv(summary, results / "split_summary.tsv")
    print(summary.to_string(index=False))


def measure_dry_run(folder: Path) -> None:
    """Print what a dry run of everything takes, and its jobs."""
    command = [sys.executable, "-m", "snakemake", "--profile", "slurm", "--dry-run"]
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run(  # noqa: S603
        [*command, "--quiet", "rules"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "IDFSR_WEIGHTS": "weights"},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if result.returncode:
        sys.exit(result.stdout + result.stderr)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    table = result.stdout.split("Job stats:\n")[-1].split("\n\n", maxsplit=1)[0]
    print(
        f"\n{table}\n\ndry run: {seconds:.1f} s, {cpu:.1f} s of CPU, {after.ru_maxrss / 1e3:.0f} MB"
    )


def main() -> None:
    """Fabricate and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--identities", type=int, default=1005)
    parser.add_argument("--images", type=int, default=10_555)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        fabricate_run(Path(name), args.identities, args.images)
        measure_dry_run(Path(name))


if __name__ == "__main__":
    main()
