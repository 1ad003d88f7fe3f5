"""Compare the restored test images of one method and scale with the ground truth.

Reads the shards (their test rows hold the ground truth and its landmarks), the restored images,
the weights of the asset packages and of the attribute network. Makes a Parquet table with a row
an image, and a JSON file with the metrics of the whole set, such as the Frechet distance. Which
metrics is said by the settings, table1 and table2 of metrics; docs/metrics.md explains each.

    idfsr evaluate --config metrics.json --shards results/demo/shards/x8/test-00000.parquet \
        --restored results/demo/restored/x8/bicubic/*.parquet --assets .assets \
        --attributes idfsr/weights/attributes.safetensors --method bicubic --scale-factor 8 \
        --metrics results/demo/metrics/x8/bicubic.parquet \
        --set-metrics results/demo/metrics/x8/bicubic.set.json
"""

import argparse
import json
from pathlib import Path

import torch

from idfsr.config import load_stage
from idfsr.data.batches import listed_files
from idfsr.data.files import atomic_path
from idfsr.data.tables import write_table
from idfsr.metrics.evaluate import evaluate, table_schema
from idfsr.metrics.registry import find_metrics
from idfsr.metrics.scorers import Resources, load_scorers
from idfsr.models.device import pick_device


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--config", type=Path, required=True, help="settings of the stage, JSON")
    add("--shards", type=Path, nargs="+", required=True, help="shards with the test rows")
    add(
        "--restored",
        type=Path,
        nargs="+",
        required=True,
        help="tables of restored images, or lists of them",
    )
    add("--assets", type=Path, required=True, help="folder of the asset packages")
    add("--attributes", type=Path, required=True, help="weights of the attribute network")
    add("--method", required=True, help="method that made the restored images")
    add("--scale-factor", type=int, required=True, help="ground truth to low resolution")
    add("--metrics", type=Path, required=True, help="Parquet table to write, a row an image")
    add("--set-metrics", type=Path, required=True, help="JSON to write, metrics of the whole set")
    add("--threads", type=int, default=1, help="CPU threads")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    settings = load_stage(args.config).metrics
    metrics = find_metrics((*settings.table1, *settings.table2))
    resources = Resources(args.assets, args.attributes, settings.idv_threshold, pick_device())
    table, set_metrics = evaluate(
        args.shards,
        listed_files(args.restored, ".parquet"),
        args.method,
        args.scale_factor,
        metrics,
        load_scorers(metrics, resources),
    )
    write_table(table, args.metrics, table_schema(table))
    with atomic_path(args.set_metrics) as path:
        path.write_text(json.dumps(set_metrics, indent=2) + "\n", encoding="utf-8")
