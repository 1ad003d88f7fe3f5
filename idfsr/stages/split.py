r"""Draw test identities and halve their images into fit and test.

Reads the table of `idfsr quality`. Makes a table with the part of each image (pretrain, fit, test
or left_out) and the reason of those left out, and a table that counts them.

    idfsr split --config split.json --quality quality.parquet \
        --split split.tsv --summary split_summary.tsv
"""

import argparse
from pathlib import Path

from idfsr.config.split import SplitStage
from idfsr.config.stage import load_stage
from idfsr.dataset.split import split_images, summarise
from idfsr.io.tables import read_table, write_tsv


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--config", type=Path, required=True, help="settings of the stage, JSON")
    parser.add_argument("--quality", type=Path, required=True, help="table of `idfsr quality`")
    parser.add_argument("--split", type=Path, required=True, help="parts to write, TSV")
    parser.add_argument("--summary", type=Path, required=True, help="counts to write, TSV")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    config = load_stage(args.config, SplitStage)
    quality = read_table(args.quality, ["identity", "image", "copy_of", "status"])
    split = split_images(quality, config.split, config.seed)
    write_tsv(split, args.split)
    write_tsv(summarise(split), args.summary)
