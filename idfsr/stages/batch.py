r"""Run one command for several people in one process, and list the files that it made.

{identity} in the command stands for the person. A person is left out whose files are there, newer
than every file that the command reads, and made by the same code: a batch that was killed goes on
where it was. A mistake in one person's data does not keep the others from being done.

With --at-once the command is run for so many people together, if it takes several: an argument
with {identity} is repeated for each of them. The groups are always the same, so that numbers whose
last digits depend on the company do not depend on where a batch was killed.

    idfsr batch --identities 00007 00082 --code 5f0c --list fit/x16/batch-00000.tsv \
        --makes 'fit/x16/{identity}/embedding.safetensors' 'fit/x16/{identity}/stats.jsonl' \
        -- fit --config fit.json --model pretrain/model.safetensors \
        --shards shards/x16/test-00000.parquet --identity '{identity}' \
        --embedding 'fit/x16/{identity}/embedding.safetensors' \
        --stats 'fit/x16/{identity}/stats.jsonl'
"""

import argparse
import logging
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from idfsr.errors import IdfsrError
from idfsr.io.file_lists import write_list
from idfsr.io.files import atomic_path
from idfsr.main import build_parser

logger = logging.getLogger(__name__)

PERSON = "{identity}"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--identities", nargs="+", required=True, help="the people's names")
    add("--code", required=True, help="digest of the command's code")
    add("--makes", nargs="+", required=True, help="files that the command makes for a person")
    add("--at-once", type=int, default=1, help="people in one run of the command")
    add("--list", type=Path, required=True, help="list of these files to write, TSV")
    add("words", nargs="+", metavar="command", help="the command and its arguments, after --")


def for_people(patterns: Sequence[str], people: Sequence[str]) -> list[str]:
    """Put people's names into patterns; one with a name in it is repeated for each of them."""
    return [
        pattern.replace(PERSON, identity)
        for pattern in patterns
        for identity in (people if PERSON in pattern else people[:1])
    ]


def begin(marker: Path, code: str) -> None:
    """Touch the marker if it is not of this code: what is older was made by other code."""
    if not marker.is_file() or marker.read_text(encoding="utf-8") != code:
        with atomic_path(marker) as temporary:
            temporary.write_text(code, encoding="utf-8")


def is_done(made: Sequence[Path], read: Sequence[Path]) -> bool:
    """Return whether all files made are there and none is older than a file read."""
    if not all(path.is_file() for path in made):
        return False
    return min(path.stat().st_mtime_ns for path in made) >= max(
        path.stat().st_mtime_ns for path in read
    )


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    if args.at_once < 1:
        message = f"--at-once: found {args.at_once}, wanted 1 or more"
        raise IdfsrError(message)
    marker = args.list.with_suffix(".begun")
    begin(marker, args.code)
    total, mistakes = len(args.identities), []
    groups = deque(args.identities[at : at + args.at_once] for at in range(0, total, args.at_once))
    while groups:
        people = groups.popleft()
        words = for_people(args.words, people)
        made = [Path(name) for name in for_people(args.makes, people)]
        read = [path for path in map(Path, words) if path.is_file() and path not in made]
        last = args.identities.index(people[-1]) + 1
        progress = f"{', '.join(people)}, {last} of {total}"
        if is_done(made, [marker, *read]):
            logger.info("%s: was done", progress)
            continue
        logger.info("%s", progress)
        command = build_parser(words[0]).parse_args(words)
        try:
            command.run(command)
        except IdfsrError as error:
            names = ", ".join(people)
            logger.error("%s: %s", names, error)  # noqa: TRY400 -- the user's mistake, one line
            if len(people) > 1:  # whose it is shows when each is alone
                groups.extend([identity] for identity in people)
            else:
                mistakes.append(f"{names}: {error}")
    if mistakes:
        message = f"{len(mistakes)} of {total} failed: {'; '.join(mistakes)}"
        raise IdfsrError(message)
    files = [Path(name) for each in args.identities for name in for_people(args.makes, [each])]
    write_list(args.list, files)
