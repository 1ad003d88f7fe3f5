"""List the published weight files, check those that are there, or download those that are not.

They lie in one folder, $IDFSR_WEIGHTS or else weights/; config/weights.yaml says where each comes
from, under which licence, and which columns of the tables or methods want it. `check` prints a
line a file and ends with status 2 if one is missing or is not what was published. `download` first
gets those that have an address of their own, and says of the others what to ask for; a file that
is right stays as it is. All three take words to choose by: a part of the work (metrics, idfsr,
baselines), a column or method, or the name of a file.

    idfsr weights list
    idfsr weights check metrics
    idfsr weights download codeformer difface
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from idfsr.errors import IdfsrError
from idfsr.io.download import download
from idfsr.io.weights_list import MANIFEST, PublishedFile, problem_of, read_manifest, weights_folder


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("action", choices=("list", "check", "download"), help="what to do")
    add("words", nargs="*", metavar="word", help="only the files that a word names; see above")
    add("--folder", type=Path, default=weights_folder(), help="where the files are")
    add("--manifest", type=Path, default=MANIFEST, help="the list of the files")


def choose(files: dict[str, PublishedFile], words: Sequence[str]) -> dict[str, PublishedFile]:
    """Return the files that one of some words names: all without a word.

    Raises:
        IdfsrError: A word names none.
    """
    names = {name: {name, file.use, *file.needed_by} for name, file in files.items()}
    for word in words:
        if not any(word in each for each in names.values()):
            message = (
                f"{word}: found no file of that name, wanted one that `idfsr weights list` shows, "
                "or what it is for"
            )
            raise IdfsrError(message)
    return {name: files[name] for name in files if not words or names[name] & {*words}}


def describe(name: str, file: PublishedFile, folder: Path) -> None:
    """Print what the list says of a file."""
    size = f"{file.size / 1e6:,.1f} MB" if file.size else "size unknown"
    print(f"{name:18} {size:14} {folder / file.path}")
    print(f"{'':18} for {file.use}: {', '.join(file.needed_by)}; licence {file.licence}")
    if file.trained_on:
        print(f"{'':18} trained on {file.trained_on}")
    print(f"{'':18} from {file.source}")


def get(file: PublishedFile, folder: Path) -> str:
    """Download a file that is missing or wrong and has an address; say what is wrong then."""
    problem = problem_of(file, folder)
    if problem and file.address:
        try:
            download(file, folder)
        except IdfsrError as error:
            return str(error)
        return ""
    return problem


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    files = choose(read_manifest(args.manifest), args.words)
    if args.action == "list":
        for name, file in files.items():
            describe(name, file, args.folder)
        return
    look = get if args.action == "download" else problem_of
    num_bad = 0
    for name, file in files.items():
        problem = look(file, args.folder)
        num_bad += bool(problem)
        print(f"{'bad' if problem else 'ok':4}{name:18} {problem or args.folder / file.path}")
    if num_bad:
        message = f"{args.folder}: found {len(files) - num_bad} of {len(files)} files, wanted all"
        raise IdfsrError(message)
