"""Bring the list of a batch up to date after one of its files was made again by itself.

Later stages depend on the list. If no byte has changed, the list stays as it is; if there is none,
nothing is done.

    idfsr relist fit/x16/batch-00003.tsv
"""

import argparse
from pathlib import Path

from idfsr.io.file_lists import refresh_list


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("list", type=Path, help="list of a batch, TSV")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    if args.list.is_file():
        refresh_list(args.list)
