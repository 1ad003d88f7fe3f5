"""Take a person out of a run, or out of a folder of photographs.

Of a run no shard row, embedding, restored image, feature, score of an image, log line or picture
is left. Says which weights of the run were trained on the person, which nothing can take out of
them; the person's photographs stay where they are unless --photographs names their folder, and the
run would take them in again.

    idfsr forget 00082 --run celebref-hq
    idfsr forget ann --run family --photographs photos
"""

import argparse
from pathlib import Path

from idfsr.errors import IdfsrError
from idfsr.io.lock import live_holder
from idfsr.run.at_work import LOCKS
from idfsr.run.forget import forget, forget_photographs, run_folders, weights_that_saw


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("person", help="name of the person, as of the folder of photographs")
    add("--run", dest="run_name", help="name of a run, as in results/<run>")
    add("--photographs", type=Path, help="folder of the people's folders, to remove this person's")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    if not args.run_name and not args.photographs:
        message = "forget: found neither --run nor --photographs, wanted one of them or both"
        raise IdfsrError(message)
    if args.run_name and Path(args.run_name).name != args.run_name:
        message = f"--run: found {args.run_name}, wanted a name as in results/<run>"
        raise IdfsrError(message)
    if args.run_name:
        holder = live_holder(LOCKS / args.run_name)
        if holder is not None:
            message = f"{args.run_name}: found Snakemake at work, {holder}; stop it first"
            raise IdfsrError(message)
        weights = weights_that_saw(args.run_name, args.person)
        for folder in run_folders(args.run_name):
            for path, what in forget(folder, args.person):
                print(f"{what:14} {path}")
        for path in weights:
            print(f"was trained on {args.person}: {path}; remove it, and the run makes it again")
    if args.photographs:
        forget_photographs(args.photographs, args.person)
        print(f"{'removed':14} {args.photographs / args.person}")
