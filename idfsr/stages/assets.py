"""List the files that asset packages ship, and check each against its digest.

Reads the folder that `make setup` fills. Prints a line a file; ends with status 2 at the first
one that is missing or not the one the project was measured with.

    idfsr assets --assets .assets
"""

import argparse
from pathlib import Path

from idfsr.io.assets import ASSETS, check_asset


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "--assets", type=Path, default=Path(".assets"), help="folder of the asset packages"
    )


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    for name, asset in ASSETS.items():
        check_asset(args.assets, name)
        print(f"ok  {name:12} {asset.package:32} {asset.licence:13} {asset.use}")
