r"""Compute the 68 landmarks of rendered people.

Makes a table with a row for each image that `idfsr synthref` renders with the same settings: where
on it the 68 landmarks of iBUG 300-W are, as shares of its side. No image is rendered or read.

    idfsr synthref-landmarks --config synthref.json --assets .assets \
        --landmarks synthref_landmarks.parquet
"""

import argparse
from pathlib import Path

from idfsr.config.stage import load_stage
from idfsr.config.synthref import SynthrefStage
from idfsr.io.places import assets_folder
from idfsr.io.tables import write_table
from idfsr.synthref.landmarks68 import LANDMARKS_68_SCHEMA, find_landmarks_68
from idfsr.synthref.mesh import load_head


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--config", type=Path, required=True, help="settings of the stage, JSON")
    parser.add_argument(
        "--assets", type=Path, default=assets_folder(), help="folder of the asset packages"
    )
    parser.add_argument("--landmarks", type=Path, required=True, help="table to write, Parquet")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    config = load_stage(args.config, SynthrefStage)
    table = find_landmarks_68(load_head(args.assets), config.synthref, config.seed)
    write_table(table, args.landmarks, LANDMARKS_68_SCHEMA)
