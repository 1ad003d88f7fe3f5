"""Compare any two folders of images: restored ones and their ground truth.

Files of one name belong together, whatever their extensions; images in a folder of their own
count as one person's for the intervals. Prints the mean of each metric with its 95 % interval over
people, and writes a row an image. docs/metrics.md explains each metric.

    idfsr metrics --gt photographs --sr restored --csv rows.csv
    idfsr metrics --gt photographs --sr restored --only psnr ssim ids_sface
"""

import argparse
import math
from pathlib import Path

import pandas as pd
import torch

from idfsr.config.landmarks import LandmarksConfig
from idfsr.config.metrics import MetricsConfig
from idfsr.config.weights import WeightsConfig
from idfsr.faces.detector import load_detector
from idfsr.io.places import locate
from idfsr.metrics.engine.folders import pair_files, read_batches
from idfsr.metrics.engine.metric import PREFIX
from idfsr.metrics.engine.registry import (
    all_metrics,
    drop_missing,
    find_families,
    find_metrics,
)
from idfsr.metrics.engine.resources import add_resources, find_resources
from idfsr.metrics.engine.scoring import BATCH_SIZE, score_pairs
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
    pairs = pair_files(args.gt, args.sr)
    settings = MetricsConfig(enforce_detection=args.enforce_detection)
    landmarks = LandmarksConfig()
    resources = find_resources(args, settings)
    names, missing = drop_missing(args.only, args.weights)
    families = find_families(names)
    scorers = {name: family.load(resources) for name, family in families.items()}
    detector = load_detector(landmarks, args.assets, resources.device)
    scores = score_pairs(
        scorers,
        read_batches(pairs, detector, landmarks.image_size, BATCH_SIZE),
        len(pairs),
        {name: None if family.of_truth else {} for name, family in families.items()},
    )
    columns = {name: values for one in scores.values() for name, values in one.columns.items()}
    of_the_set = {name: value for one in scores.values() for name, value in one.of_the_set.items()}
    rows = pd.DataFrame(
        {
            "name": [pair.name for pair in pairs],
            "identity": [pair.identity for pair in pairs],
            **{column: columns[column] for one in find_metrics(names) for column in one.columns},
            **{one.name: math.nan for one in find_metrics(missing) if one.kind != "set"},
        }
    )
    print(summarise(rows, of_the_set, find_metrics(args.only), settings))
    if args.csv:
        write_csv(rows, args.csv)
        print(f"{args.csv}: {len(rows)} rows")
