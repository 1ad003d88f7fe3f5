"""Write the images of a run as PNG files, with a list of their digests.

Run it in the folder in which Snakemake runs. The folder that it makes has the low-resolution
images, their ground truth, the references and what each method restored; docs/exchange.md says
where what stands. Give it to others, who check it with `idfsr check`, and take what they restore
into a run with `methods: [{name: theirs, folder: ...}]`.

    idfsr export demo
    idfsr export celebref-hq --out /data/exchange/celebref-hq
"""

import argparse
from pathlib import Path

from idfsr.errors import IdfsrError
from idfsr.io.export import MANIFEST, export_images, write_export


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("name", metavar="run", help="name of the run, as in results/<run>")
    parser.add_argument(
        "--out", type=Path, help="folder to write, results/<run>/export if not given"
    )


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    results = Path("results", args.name)
    if not (results / "shards").is_dir():
        message = f"{results}: found no shards, wanted the name of a run that has some"
        raise IdfsrError(message)
    folder = args.out or results / "export"
    count = write_export(export_images(results), folder)
    print(f"{folder}: {count} images, listed in {folder / MANIFEST}")
