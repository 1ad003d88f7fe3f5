"""Compare any two folders of images: restored ones and their ground truth.

Files of one name belong together, whatever their extensions; images in a folder of their own
count as one person's for the intervals. Prints the mean of each metric with its 95 % interval over
people, and writes a row an image. docs/metrics.md explains each metric.

    idfsr metrics --gt photographs --sr restored --csv rows.csv
    idfsr metrics --gt photographs --sr restored --only psnr ssim ids_sface
"""

import argparse
from pathlib import Path

import pandas as pd
import torch

from idfsr.config.landmarks import LandmarksConfig
from idfsr.config.metrics import MetricsConfig
from idfsr.faces.detector import load_detector
from idfsr.metrics.engine.evaluate import BATCH_SIZE, load_evaluator
from idfsr.metrics.engine.folders import pair_files, read_batches
from idfsr.metrics.engine.registry import METRICS, find_metrics
from idfsr.report.summary import summarise
from idfsr.report.tables import write_csv
from idfsr.stages.evaluate import add_resources, find_resources


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--gt", type=Path, required=True, help="folder of the ground truth")
    add("--sr", type=Path, required=True, help="folder of the restored images")
    add("--csv", type=Path, help="table to write, a row an image")
    add("--only", nargs="+", default=list(METRICS), metavar="METRIC", help=", ".join(METRICS))
    add("--enforce-detection", action="store_true", help="leave out pairs without a face")
    add_resources(parser)
    add("--threads", type=int, default=1, help="CPU threads")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    pairs = pair_files(args.gt, args.sr)
    settings = MetricsConfig(enforce_detection=args.enforce_detection)
    landmarks = LandmarksConfig()
    resources = find_resources(args, settings)
    evaluator = load_evaluator(args.only, resources)
    detector = load_detector(landmarks, args.assets, resources.device)
    scores = evaluator.score(
        read_batches(pairs, detector, landmarks.image_size, BATCH_SIZE), len(pairs)
    )
    rows = pd.DataFrame(
        {
            "name": [pair.name for pair in pairs],
            "identity": [pair.identity for pair in pairs],
            **scores.columns,
        }
    )
    print(summarise(rows, scores.of_the_set, find_metrics(args.only), settings))
    if args.csv:
        write_csv(rows, args.csv)
        print(f"{args.csv}: {len(rows)} rows")
