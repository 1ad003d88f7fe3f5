r"""List the images of a data set.

Reads every image of a tree <identity>/<image>.png; docs/photographs.md lists the formats. The
folder may be the one that holds `CelebHQRefForRelease`. Makes a table with a row for each: where it
is, its sha256 and size, and "ok" or the reason why it cannot be used; and a listing of the files
with their times, by which the next run sees whether one of them has changed.

    idfsr index --config index.json --root data --manifest manifest.parquet \
        --listing listing.tsv --threads 8
"""

import argparse
from pathlib import Path

from idfsr.config.dataset import IndexStage
from idfsr.config.stage import load_stage
from idfsr.dataset.index import build_manifest
from idfsr.dataset.listing import stat_images, write_listing
from idfsr.io.schemas import MANIFEST_SCHEMA
from idfsr.io.tables import read_tsv, write_table


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--config", type=Path, required=True, help="settings of the stage, JSON")
    parser.add_argument("--root", type=Path, required=True, help="folder of identities' folders")
    parser.add_argument("--left-out", type=Path, help="what `idfsr unpack` could not take out, TSV")
    parser.add_argument("--manifest", type=Path, required=True, help="table to write, Parquet")
    parser.add_argument("--listing", type=Path, required=True, help="table to write, TSV")
    parser.add_argument("--threads", type=int, default=1, help="images decoded at a time")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    config = load_stage(args.config, IndexStage)
    stamps = stat_images(args.root)
    left_out = read_tsv(args.left_out) if args.left_out else None
    manifest = build_manifest(args.root, args.threads, config.index, left_out)
    write_table(manifest, args.manifest, MANIFEST_SCHEMA)
    digests = dict(zip(manifest["path"], manifest["sha256"], strict=True))
    write_listing(args.listing, stamps, digests)
