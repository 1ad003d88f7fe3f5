"""Ask the networks of the metrics of the ground truth, once for all methods and scale factors.

Reads shards of one scale factor, whose test rows hold the ground truth. Makes a Parquet table that
`idfsr evaluate` takes, a row an image and a column a network, with the digest of each network.

    idfsr features --config metrics.json --shards results/demo/shards/x8/test-00000.parquet \
        --features results/demo/features/truth.parquet
"""

import argparse
from pathlib import Path

import torch

from idfsr.config.metrics import MetricsStage
from idfsr.config.stage import load_stage
from idfsr.metrics.engine.evaluate import BATCH_SIZE, load_evaluator
from idfsr.metrics.engine.pairs import read_truth, truth_batches
from idfsr.stages.evaluate import add_resources, find_resources


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--config", type=Path, required=True, help="settings of the stage, JSON")
    add("--shards", type=Path, nargs="+", required=True, help="shards with the test rows")
    add_resources(parser)
    add("--features", type=Path, required=True, help="Parquet table to write")
    add("--threads", type=int, default=1, help="CPU threads")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    settings = load_stage(args.config, MetricsStage).metrics
    rows = read_truth(args.shards)
    evaluator = load_evaluator((*settings.table1, *settings.table2), find_resources(args, settings))
    keys = evaluator.extract_truth(truth_batches(rows, BATCH_SIZE), len(rows))
    evaluator.store.write(args.features, keys)
