"""What bfloat16 changes in fits and restored images, and the time that it takes.

Fits and restores the test people of a finished run in float32 and in bfloat16, with its network and
settings, and prints a table in Markdown for each scale factor: the mean change of identity distance
(SFace), PSNR and perceptual distance (MobileNetV2) with 95 % intervals over people, the largest
change of an image, and the seconds of fitting and of restoring on one core.

    python benchmarks/precision.py --run results/demo
"""

import argparse
import dataclasses
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from fit import CPU, Person, fit, restore, score
from samplers import DIGITS, add_distance, describe, read_run

from idfsr.config.fit import FitStage
from idfsr.config.restore import RestoreStage
from idfsr.config.stage import load_stage
from idfsr.config.types import Precision
from idfsr.methods.idfsr.restore import IdfsrRestorer, load_restorer
from idfsr.metrics.mobilenetv2.network import MobileNetV2, load_mobilenetv2
from idfsr.metrics.sface.network import SFace, load_sface

PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")


def measure(
    restorer: IdfsrRestorer,
    people: list[Person],
    settings: FitStage,
    judges: tuple[SFace, MobileNetV2],
) -> tuple[pd.DataFrame, float, float]:
    """Fit and restore; return the judged images, and the seconds of both."""
    start = time.perf_counter()
    z_ids = fit(restorer, people, settings.fit)
    fitted = time.perf_counter()
    rows = restore(restorer, people, z_ids)
    restored = time.perf_counter()
    recogniser, network = judges
    rows = add_distance(score(rows, recogniser), network)
    return rows, fitted - start, restored - fitted


def main() -> None:
    """Fit, restore and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--run", type=Path, required=True, help="folder of a finished run")
    add("--scale-factors", type=int, nargs="+", default=[8, 16])
    add("--assets", type=Path, default=Path(".assets"), help="folder of the asset packages")
    args = parser.parse_args()
    torch.set_num_threads(1)
    sampling = load_stage(args.run / "config/restore-idfsr-ft.json", RestoreStage)
    fitting = load_stage(args.run / "config/fit.json", FitStage)
    model = args.run / "pretrain/model.safetensors"
    judges = (load_sface(args.assets, CPU), load_mobilenetv2(args.assets, CPU))
    for scale_factor in args.scale_factors:
        people, _ = read_run(args.run, scale_factor)
        print(f"\nx{scale_factor}, {len(people)} people\n")
        changes = " | ".join(f"{name} | change | largest" for name in DIGITS)
        print(f"| precision | {changes} | fit, s | restore, s |")
        print("| --- |" + " --- |" * (3 * len(DIGITS) + 2))
        first = None
        for precision in PRECISIONS:
            restorer = load_restorer(
                dataclasses.replace(sampling.restore, precision=precision),
                sampling.seed,
                model,
                None,
            )
            settings = dataclasses.replace(
                fitting, fit=dataclasses.replace(fitting.fit, precision=precision)
            )
            rows, *seconds = measure(restorer, people, settings, judges)
            first = rows if first is None else first
            values = [
                f"{describe(rows, first, name)} | {np.abs(rows[name] - first[name]).max():.3f}"
                for name in DIGITS
            ]
            times = " | ".join(f"{value:.1f}" for value in seconds)
            print(f"| {precision} | {' | '.join(values)} | {times} |", flush=True)


if __name__ == "__main__":
    main()
