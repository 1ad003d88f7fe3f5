r"""Leave out images of poor quality.

Reads the manifest and the landmarks of its images. Makes a copy of the manifest with the landmarks
joined to it. The status of an image that fails a threshold is the reason, with the figure.

    idfsr quality --config quality.json --manifest manifest.parquet \
        --landmarks landmarks/*.parquet --quality quality.parquet
"""

import argparse
from pathlib import Path

from idfsr.config.quality import QualityStage
from idfsr.config.stage import load_stage
from idfsr.dataset.quality import apply_thresholds
from idfsr.io.schemas import LANDMARKS_SCHEMA, MANIFEST_SCHEMA, QUALITY_SCHEMA
from idfsr.io.tables import read_table, write_table


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--config", type=Path, required=True, help="settings of the stage, JSON")
    parser.add_argument("--manifest", type=Path, required=True, help="table of `idfsr index`")
    parser.add_argument(
        "--landmarks", type=Path, required=True, nargs="+", help="shards of `idfsr landmarks`"
    )
    parser.add_argument("--quality", type=Path, required=True, help="table to write, Parquet")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    config = load_stage(args.config, QualityStage)
    manifest = read_table(args.manifest, MANIFEST_SCHEMA.names)
    landmarks = [read_table(path, LANDMARKS_SCHEMA.names) for path in args.landmarks]
    table = apply_thresholds(manifest, landmarks, config.quality)
    write_table(table, args.quality, QUALITY_SCHEMA)
