r"""Compute one family of metrics on the restored test images of one method, at all scale factors.

Reads the shards (their test rows hold the ground truth and its landmarks), the restored images, the
family's weights and what `idfsr truth-features` found. Makes a Parquet table with a row for each
image and scale factor: a metric of the whole set, such as the Frechet distance, is repeated in each
row. docs/metrics.md explains each metric.

    idfsr scores --family psnr --config results/demo/config/scores.json --method bicubic \
        --shards results/demo/shards/x*/test-*.parquet \
        --restored results/demo/restored/x*/bicubic/*.parquet \
        --scores results/demo/scores/psnr/bicubic.parquet
"""

import argparse
from pathlib import Path

import pandas as pd
import torch

from idfsr.config.stage import load_stage
from idfsr.errors import IdfsrError
from idfsr.io.file_lists import listed_files
from idfsr.metrics.engine.features import read_features
from idfsr.metrics.engine.metric import OfImages, OfPairs
from idfsr.metrics.engine.pairs import batches, common_problem, read_pairs, sort_by_scale
from idfsr.metrics.engine.registry import find_family
from idfsr.metrics.engine.resources import add_resources, find_resources
from idfsr.metrics.engine.score_table import empty_scores, make_scores, write_scores
from idfsr.metrics.engine.scoring import BATCH_SIZE, score_pairs


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--config", type=Path, required=True, help="settings of the family, JSON")
    add("--family", required=True, help="family of metrics, a module of idfsr.metrics")
    add("--shards", type=Path, nargs="+", required=True, help="shards with the test rows")
    add(
        "--restored",
        type=Path,
        nargs="+",
        required=True,
        help="tables of restored images, or lists of them",
    )
    add_resources(parser)
    add("--truth", type=Path, help="features of the ground truth, of `idfsr truth-features`")
    add("--method", required=True, help="method that made the restored images")
    add("--scores", type=Path, required=True, help="Parquet table to write")
    add("--threads", type=int, default=1, help="CPU threads")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    family = find_family(args.family)
    settings = load_stage(args.config, family.settings)
    family = family.by_engine(settings)
    if family.of_truth != bool(args.truth):
        found, wanted = ("a file", "none") if args.truth else ("none", "a file")
        message = f"--truth: found {found}, wanted {wanted} for the family {args.family}"
        raise IdfsrError(message)
    restored = listed_files(args.restored, ".parquet")
    scales = sort_by_scale(args.shards, restored)
    scorer = family.load(find_resources(args, settings))
    tables, unrestored = [], {"method": args.method}
    for scale_factor, files in scales.items():
        rows = read_pairs(*files, args.method, scale_factor)
        if len(rows):
            tables.append(_score(scorer, rows, args.truth))
        else:
            unrestored[f"x{scale_factor}"] = common_problem(files[1]) or "no reason is known"
    if not tables:
        columns = [name for metric in family.metrics for name in (metric.name, *metric.details)]
        tables = [empty_scores(columns)]
    write_scores(tables, args.scores, unrestored)


def _score(scorer: OfPairs | OfImages, rows: pd.DataFrame, truth: Path | None) -> pd.DataFrame:
    """Make the rows of one scale factor."""
    features = read_features(truth, rows) if truth else {}
    pairs = batches(rows, BATCH_SIZE)
    scores = score_pairs({"": scorer}, pairs, len(rows), {"": features})[""]
    return make_scores(rows, scores.columns, scores.of_the_set)
