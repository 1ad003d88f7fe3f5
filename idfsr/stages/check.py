"""Check a folder that `idfsr export` made: every file is there and is what it was.

Prints a line for each file that is missing, has other bytes, or is not on the list, and ends with
status 2 if there is one.

    idfsr check results/demo/export
"""

import argparse
from pathlib import Path

from idfsr.errors import IdfsrError
from idfsr.io.export import check_export


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("folder", type=Path, help="with manifest.tsv")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    faults = list(check_export(args.folder))
    if faults:
        raise IdfsrError("\n".join(faults))
    print(f"{args.folder}: every file is there and is what it was")
