r"""Unpack a data set that is no folder of people's folders: records of MXNet, clips, a table.

Makes <out-dir>/images/<identity>/<image>, a table of the images that could not be had with the
reason for each, which the index takes over, and a listing of the files that were read.

    idfsr unpack --config index.json --out-dir unpacked --left-out left_out.tsv \
        --listing listing.tsv --threads 2
"""

import argparse
from pathlib import Path

from idfsr.config.dataset import IndexStage
from idfsr.config.stage import load_stage
from idfsr.dataset.listing import digests_of, stamps_of, write_listing
from idfsr.dataset.packed import find_reader
from idfsr.dataset.unpack import unpack_dataset
from idfsr.errors import IdfsrError
from idfsr.io.tables import write_tsv


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--config", type=Path, required=True, help="settings of the index, JSON")
    parser.add_argument("--out-dir", type=Path, required=True, help="folder to fill")
    parser.add_argument("--left-out", type=Path, required=True, help="table to write, TSV")
    parser.add_argument("--listing", type=Path, required=True, help="table to write, TSV")
    parser.add_argument("--threads", type=int, default=1, help="clips decoded at a time")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    config = load_stage(args.config, IndexStage)
    reader = find_reader(config.dataset)
    if reader is None:
        message = f"{args.config}: dataset.kind {config.dataset.kind} is not unpacked"
        raise IdfsrError(message)
    if args.threads < 1:
        message = f"unpack: found {args.threads} threads, wanted 1 or more"
        raise IdfsrError(message)
    files = reader.source_files(config.dataset)
    stamps = stamps_of(files)
    left_out = unpack_dataset(config.dataset, config.index, args.out_dir, args.threads)
    write_tsv(left_out, args.left_out)
    write_listing(args.listing, stamps, digests_of(files))
