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

from idfsr.config import LandmarksConfig, MetricsConfig, WeightsConfig
from idfsr.faces.detector import load_detector
from idfsr.metrics.evaluate import BATCH_SIZE, score
from idfsr.metrics.folders import pair_files, read_batches
from idfsr.metrics.registry import METRICS, find_metrics
from idfsr.metrics.scorers import Resources, load_scorers
from idfsr.models.device import pick_device
from idfsr.report.summary import summarise
from idfsr.report.tables import write_csv


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--gt", type=Path, required=True, help="folder of the ground truth")
    add("--sr", type=Path, required=True, help="folder of the restored images")
    add("--csv", type=Path, help="table to write, a row an image")
    add("--only", nargs="+", default=list(METRICS), metavar="METRIC", help=", ".join(METRICS))
    add("--assets", type=Path, default=Path(".assets"), help="folder of the asset packages")
    add(
        "--attributes",
        type=Path,
        default=Path(WeightsConfig().attributes),
        help="weights of the attribute network",
    )
    add("--threads", type=int, default=1, help="CPU threads")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    metrics, pairs, device = find_metrics(args.only), pair_files(args.gt, args.sr), pick_device()
    settings, landmarks = MetricsConfig(), LandmarksConfig()
    scorers = load_scorers(
        metrics, Resources(args.assets, args.attributes, settings.idv_threshold, device)
    )
    detector = load_detector(landmarks, args.assets, device)
    columns, of_the_set = score(
        read_batches(pairs, detector, landmarks.image_size, BATCH_SIZE),
        len(pairs),
        metrics,
        scorers,
    )
    rows = pd.DataFrame(
        {
            "name": [pair.name for pair in pairs],
            "identity": [pair.identity for pair in pairs],
            **columns,
        }
    )
    print(summarise(rows, of_the_set, metrics, settings.num_bootstrap))
    if args.csv:
        write_csv(rows, args.csv)
        print(f"{args.csv}: {len(rows)} rows")
