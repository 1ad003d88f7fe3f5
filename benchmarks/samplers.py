"""How many steps DDIM and DPM-Solver++(2M) need for images that are as good.

Restores the test images of a finished run with its network, fitted embeddings and settings but for
sampler and number of steps, and prints a table in Markdown for each scale factor: identity distance
(SFace), PSNR and perceptual distance (MobileNetV2), their differences from DDIM with 20 steps with
95 % intervals over people, and the seconds of an image on one core.

    python benchmarks/samplers.py --run results/demo
"""

import argparse
import dataclasses
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from fit import CPU, Person, read_people, restore, score

from idfsr.config.metrics import MetricsConfig
from idfsr.config.restore import RestoreStage
from idfsr.config.stage import load_stage
from idfsr.config.types import Sampler
from idfsr.io.images import decode_png
from idfsr.methods.engine.embedding import load_embedding
from idfsr.methods.idfsr.restore import IdfsrRestorer, load_restorer
from idfsr.metrics.engine.unit_range import to_unit
from idfsr.metrics.mobilenetv2.network import MobileNetV2, load_mobilenetv2, perceptual_distance
from idfsr.metrics.sface.network import SFace, load_sface
from idfsr.report.intervals import mean_interval

SAMPLERS: tuple[Sampler, ...] = ("ddim", "dpmpp_2m")
NUM_STEPS = (4, 5, 8, 10, 20)
DIGITS = {"ids": 3, "psnr": 2, "distance": 4}


def read_run(run: Path, scale_factor: int) -> tuple[list[Person], list[torch.Tensor]]:
    """Read the test people of a run, and the embedding that was fitted to each."""
    shards = sorted((run / f"shards/x{scale_factor}").glob("test-*.parquet"))
    people = [person for shard in shards for person in read_people(shard, "")]
    fits = run / f"fit/x{scale_factor}"
    embeddings = [
        load_embedding(fits / person.name / "embedding.safetensors", identity=person.name)
        for person in people
    ]
    return people, [embedding.z_id[None] for embedding in embeddings]


@torch.no_grad()
def add_distance(rows: pd.DataFrame, network: MobileNetV2) -> pd.DataFrame:
    """Add the column distance, the perceptual one."""
    sr, gt = (
        network(to_unit(np.stack([decode_png(image) for image in rows[column]])))
        for column in ("sr_image", "gt_image")
    )
    return rows.assign(distance=perceptual_distance(sr, gt).numpy())


def describe(rows: pd.DataFrame, other: pd.DataFrame, column: str) -> str:
    """Print the mean of a column, and its difference with the interval over people."""
    change = (rows[column] - other[column]).to_numpy()
    found = mean_interval(change, rows["person"].tolist(), MetricsConfig().num_bootstrap)
    digits = DIGITS[column]
    return (
        f"{rows[column].mean():.{digits}f} | "
        f"{found.mean:+.{digits}f} [{found.lo:.{digits}f}, {found.hi:.{digits}f}]"
    )


def compare(
    restorer: IdfsrRestorer, run: Path, scale_factor: int, judges: tuple[SFace, MobileNetV2]
) -> None:
    """Print the table of a scale factor."""
    people, z_ids = read_run(run, scale_factor)
    recogniser, network = judges
    print(f"\nx{scale_factor}, {len(people)} people\n")
    print("| sampler | steps | IDS | change | PSNR | change | distance | change | s/image |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")

    def measure(sampler: Sampler, num_steps: int) -> tuple[pd.DataFrame, float]:
        method = dataclasses.replace(restorer, sampler=sampler, num_inference_steps=num_steps)
        start = time.perf_counter()
        rows = restore(method, people, z_ids)
        seconds = (time.perf_counter() - start) / len(rows)
        return add_distance(score(rows, recogniser), network), seconds

    wanted, _ = measure("ddim", max(NUM_STEPS))
    for sampler in SAMPLERS:
        for num_steps in NUM_STEPS:
            rows, seconds = measure(sampler, num_steps)
            values = " | ".join(describe(rows, wanted, column) for column in DIGITS)
            print(f"| {sampler} | {num_steps} | {values} | {seconds:.2f} |", flush=True)


def main() -> None:
    """Restore and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--run", type=Path, required=True, help="folder of a finished run")
    add("--scale-factors", type=int, nargs="+", default=[8, 16])
    add("--assets", type=Path, default=Path(".assets"), help="folder of the asset packages")
    args = parser.parse_args()
    torch.set_num_threads(1)
    settings = load_stage(args.run / "config/restore-idfsr-ft.json", RestoreStage)
    model = args.run / "pretrain/model.safetensors"
    restorer = load_restorer(settings.restore, settings.seed, model, None)
    judges = (load_sface(args.assets, CPU), load_mobilenetv2(args.assets, CPU))
    for scale_factor in args.scale_factors:
        compare(restorer, args.run, scale_factor, judges)


if __name__ == "__main__":
    main()
