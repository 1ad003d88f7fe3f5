"""Compare the restored test images of one method and scale with the ground truth.

Reads the shards (their test rows hold the ground truth and its landmarks), the restored images,
the weights of the asset packages, of the attribute network and the published ones, and what is
known of the ground truth from `idfsr features`. Makes a Parquet table with a row an image, and a
JSON file with the metrics of the whole set, such as the Frechet distance. Which metrics is said by
the settings, table1 and table2 of metrics; docs/metrics.md explains each. A metric whose published
weights are not there is named and its column stays empty.

What the networks say of the restored images is kept in a file that the next run of the same command
reads, so that a new metric or setting costs no network that has seen the images.

    idfsr evaluate --config metrics.json --shards results/demo/shards/x8/test-00000.parquet \
        --restored results/demo/restored/x8/bicubic/*.parquet --assets .assets \
        --attributes idfsr/weights/attributes.safetensors --method bicubic --scale-factor 8 \
        --truth results/demo/features/truth.parquet --features features.parquet \
        --metrics results/demo/metrics/x8/bicubic.parquet \
        --set-metrics results/demo/metrics/x8/bicubic.set.json
"""

import argparse
from pathlib import Path

import torch

from idfsr.config.metrics import MetricsConfig, MetricsStage
from idfsr.config.stage import load_stage
from idfsr.config.weights import WeightsConfig
from idfsr.io.file_lists import listed_files
from idfsr.io.tables import write_table
from idfsr.io.texts import write_json
from idfsr.io.weights_list import weights_folder
from idfsr.metrics.comparisons import Resources
from idfsr.metrics.evaluate import evaluate, load_evaluator, table_schema
from idfsr.metrics.pairs import read_pairs
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
    add_resources(parser)
    add("--truth", type=Path, help="features of the ground truth, of `idfsr features`")
    add("--features", type=Path, help="features of the restored images, to read and to write")
    add("--method", required=True, help="method that made the restored images")
    add("--scale-factor", type=int, required=True, help="ground truth to low resolution")
    add("--metrics", type=Path, required=True, help="Parquet table to write, a row an image")
    add("--set-metrics", type=Path, required=True, help="JSON to write, metrics of the whole set")
    add("--threads", type=int, default=1, help="CPU threads")


def add_resources(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that `find_resources` reads."""
    add = parser.add_argument
    add("--assets", type=Path, default=Path(".assets"), help="folder of the asset packages")
    add("--weights", type=Path, default=weights_folder(), help="folder of published weights")
    add(
        "--attributes",
        type=Path,
        default=Path(WeightsConfig().attributes),
        help="weights of the attribute network",
    )


def find_resources(args: argparse.Namespace, settings: MetricsConfig) -> Resources:
    """Return what the metrics are made of."""
    return Resources(
        assets_dir=args.assets,
        weights_dir=args.weights,
        attributes=args.attributes,
        idv_threshold=settings.idv_threshold,
        enforce_detection=settings.enforce_detection,
        device=pick_device(),
    )


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    settings = load_stage(args.config, MetricsStage).metrics
    restored = listed_files(args.restored, ".parquet")
    rows = read_pairs(args.shards, restored, args.method, args.scale_factor)
    evaluator = load_evaluator((*settings.table1, *settings.table2), find_resources(args, settings))
    if args.truth:
        evaluator.store.read(args.truth)
    if args.features and args.features.exists():
        evaluator.store.read(args.features)
    table, set_metrics, keys = evaluate(evaluator, rows, args.method, args.scale_factor)
    write_table(table, args.metrics, table_schema(table))
    write_json(args.set_metrics, set_metrics)
    if args.features:
        evaluator.store.write(args.features, keys)
