r"""Cut out aligned faces with their labels, to train the small ID encoder and attribute network.

Reads the photographs that show a face and the renderer's ground truth; makes a table with a row
for each: an ArcFace crop of 112 x 112 pixels, age, gender and expression.

    idfsr crops --manifest manifest.parquet --landmarks landmarks/shard-*.parquet \
        --root synthref --ground-truth synthref/ground_truth.parquet --crops crops.parquet \
        --threads 2
"""

import argparse
from pathlib import Path

from idfsr.faces.crops import CROPS_SCHEMA, make_crops
from idfsr.io.tables import write_table


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--manifest", type=Path, required=True, help="table of images, Parquet")
    parser.add_argument(
        "--landmarks", type=Path, nargs="+", required=True, help="all shards of landmarks, Parquet"
    )
    parser.add_argument("--root", type=Path, required=True, help="folder of identities' folders")
    parser.add_argument("--ground-truth", type=Path, required=True, help="labels, Parquet")
    parser.add_argument("--crops", type=Path, required=True, help="table to write, Parquet")
    parser.add_argument("--threads", type=int, default=1, help="images worked on at a time")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    table = make_crops(args.manifest, args.landmarks, args.root, args.ground_truth, args.threads)
    write_table(table, args.crops, CROPS_SCHEMA)
