"""List the published weight files, or check those that are there.

They lie in one folder, $IDFSR_WEIGHTS or else weights/; config/weights.yaml says where each comes
from, under which licence, and which columns of the tables or methods want it. `check` prints a
line a file and ends with status 2 if one is missing or is not what was published; `list` only
prints.

    idfsr weights list
    idfsr weights check metrics
"""

import argparse
from pathlib import Path
from typing import Final, get_args

from idfsr.errors import IdfsrError
from idfsr.published import MANIFEST, Use, problem_of, read_manifest, weights_folder

USES: Final[tuple[str, ...]] = get_args(Use)


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("action", choices=("list", "check"), help="what to do")
    add("use", nargs="?", choices=USES, help="only the files for this part of the work")
    add("--folder", type=Path, default=weights_folder(), help="where the files are")
    add("--manifest", type=Path, default=MANIFEST, help="the list of the files")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    files = {
        name: file
        for name, file in read_manifest(args.manifest).items()
        if args.use in (None, file.use)
    }
    num_bad = 0
    for name, file in files.items():
        if args.action == "list":
            size = f"{file.size / 1e6:,.1f} MB" if file.size else "size unknown"
            print(f"{name:18} {size:14} {args.folder / file.path}")
            print(f"{'':18} for {', '.join(file.needed_by)}; licence {file.licence}")
            if file.trained_on:
                print(f"{'':18} trained on {file.trained_on}")
            print(f"{'':18} from {file.source}")
            continue
        problem = problem_of(file, args.folder)
        num_bad += bool(problem)
        print(f"{'bad' if problem else 'ok':4}{name:18} {problem or args.folder / file.path}")
    if num_bad:
        message = f"{args.folder}: found {len(files) - num_bad} of {len(files)} files, wanted all"
        raise IdfsrError(message)
