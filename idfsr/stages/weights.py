"""List the published weight files, check those that are there, or download those that are not.

They lie in one folder, $IDFSR_WEIGHTS or else weights/; config/weights.yaml says where each comes
from, under which licence, and which columns of the tables or methods want it. `check` prints a
line a file and ends with status 2 if one is missing or is not what was published. `download` first
gets those that are missing and have an address, and says of the others what to ask for; a file that
is there is never overwritten. Words choose: a part of the work (metrics, idfsr, baselines), a
column or method, or the name of a file; without words, what the settings of --for need. `list`
without words lists all.

    idfsr weights list
    idfsr weights check metrics
    idfsr weights download --for config/celebref-hq.yaml
    idfsr weights download codeformer difface
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from idfsr.errors import IdfsrError
from idfsr.io.download import download
from idfsr.io.places import locate
from idfsr.io.weights_list import MANIFEST, PublishedFile, problem_of, read_manifest, weights_folder
from idfsr.run.config import load_config
from idfsr.run.families import metric_names
from idfsr.run.inputs import named_weights

PAPER_RUN: Final = Path("config/celebref-hq.yaml")


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("action", choices=("list", "check", "download"), help="what to do")
    add("words", nargs="*", metavar="word", help="only the files that a word names; see above")
    add(
        "--for", type=Path, default=PAPER_RUN, metavar="SETTINGS", dest="settings",
        help="without words, the files that this run needs, YAML (default: %(default)s)",
    )  # fmt: skip
    add("--folder", type=Path, default=weights_folder(), help="where the files are")
    add("--manifest", type=Path, default=MANIFEST, help="the list of the files")


def files_of_run(files: dict[str, PublishedFile], settings: Path) -> dict[str, PublishedFile]:
    """Return the files that a run needs: of its methods, its metrics and its settings.

    Raises:
        IdfsrError: See `load_config`.
    """
    config = load_config(settings)
    wanted = {*config.methods, *metric_names(config)}
    named = named_weights(config).values()
    return {
        name: file
        for name, file in files.items()
        if wanted & {*file.needed_by} or weights_folder() / file.path in named
    }


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
        against = f", against {', '.join(file.trained_against)}" if file.trained_against else ""
        print(f"{'':18} trained on {', '.join(file.trained_on)}{against}")
    print(f"{'':18} from {file.source}")


def get(file: PublishedFile, folder: Path) -> str:
    """Download a file that is missing and has an address; say what is wrong then."""
    if (folder / file.path).exists() or not file.address:
        return problem_of(file, folder)
    try:
        download(file, folder)
    except IdfsrError as error:
        return str(error)
    return ""


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    files = read_manifest(args.manifest)
    if args.words or args.action == "list" or args.manifest != MANIFEST:
        files = choose(files, args.words)
    else:
        files = files_of_run(files, locate(args.settings))
    if args.action == "list":
        for name, file in files.items():
            describe(name, file, args.folder)
        return
    look = get if args.action == "download" else problem_of
    bad = {}
    for name, file in files.items():
        if problem := look(file, args.folder):
            bad[name] = file
        print(f"{'bad' if problem else 'ok':4}{name:18} {problem or args.folder / file.path}")
    if not bad:
        return
    if args.action == "download":
        print("\nPut these where they are wanted by hand, or wait and try again:")
        for name, file in bad.items():
            print(f"    {name}: {args.folder / file.path}\n        from {file.source}")
    message = f"{args.folder}: found {len(files) - len(bad)} of {len(files)} files, wanted all"
    raise IdfsrError(message)
