"""Remove what a finished run can make again: shards, rendered people, features, scores.

Tables, figures, the report, weights, embeddings and restored images stay. Naming such a file to
Snakemake makes again what it needs.

    idfsr clean celebref-hq
"""

import argparse
from pathlib import Path

from idfsr.errors import IdfsrError
from idfsr.io.lock import live_holder
from idfsr.run.at_work import LOCKS
from idfsr.run.clean import clean


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("name", metavar="run", help="name of the run, as in results/<run>")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    folder = Path("results") / args.name
    if "/" in args.name or args.name in ("", ".", "..") or not (folder / "report").is_dir():
        message = f"{folder}: found no report there, wanted the name of a run that has ended"
        raise IdfsrError(message)
    if (holder := live_holder(LOCKS / args.name)) is not None:
        message = f"{args.name}: found Snakemake at work, {holder}; stop it first"
        raise IdfsrError(message)
    freed = 0
    for path, size in clean(folder):
        print(f"{size / 1e6:10,.1f} MB  {path}")
        freed += size
    print(f"{freed / 1e6:10,.1f} MB  freed")
