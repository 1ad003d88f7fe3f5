"""Compare any two folders of images: restored ones and their ground truth.

Files of one name belong together, whatever their extensions; images in a folder of their own
count as one person's for the intervals. Prints the mean of each metric with its 95 % interval over
people, and writes a row an image. docs/metrics.md explains each metric.

    idfsr metrics --gt photographs --sr restored --csv rows.csv
    idfsr metrics --gt photographs --sr restored --only psnr ssim ids_sface
"""

import argparse
from pathlib import Path
from typing import get_args

import torch

from idfsr.api import score_folders
from idfsr.config.metrics import MetricsConfig
from idfsr.config.scores import Engine
from idfsr.config.weights import WeightsConfig
from idfsr.io.places import locate
from idfsr.metrics.engine.metric import PREFIX
from idfsr.metrics.engine.registry import all_metrics, find_metrics
from idfsr.metrics.engine.resources import add_resources, find_resources
from idfsr.report.summary import summarise
from idfsr.report.tables import write_csv


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--gt", type=Path, required=True, help="folder of the ground truth")
    add("--sr", type=Path, required=True, help="folder of the restored images")
    add("--csv", type=Path, help="table to write, a row an image")
    names = list(all_metrics())
    add(
        "--only",
        nargs="+",
        default=_in_order(names),
        metavar="METRIC",
        help=f"{', '.join(names)}, or {PREFIX}NAME for any of that library",
    )
    add("--enforce-detection", action="store_true", help="leave out pairs without a face")
    add(
        "--engine",
        choices=get_args(Engine),
        default=MetricsConfig().engine,
        help="batches, or the packages' own calls image by image",
    )
    add_resources(parser)
    weights = WeightsConfig()
    parser.set_defaults(
        attributes=locate(weights.attributes), id_encoder=locate(weights.id_encoder)
    )
    add("--threads", type=int, default=1, help="CPU threads")


def _in_order(names: list[str]) -> list[str]:
    """Put those of the default tables first."""
    config = MetricsConfig()
    return list(dict.fromkeys((*config.table1, *config.table2, *names)))


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    settings = MetricsConfig(enforce_detection=args.enforce_detection, engine=args.engine)
    rows, of_the_set = score_folders(args.gt, args.sr, args.only, find_resources(args, settings))
    print(summarise(rows, of_the_set, find_metrics(args.only), settings))
    if args.csv:
        write_csv(rows, args.csv)
        print(f"{args.csv}: {len(rows)} rows")
