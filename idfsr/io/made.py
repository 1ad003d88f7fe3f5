"""What was made for one person, and of what: a record beside the files, which a later job reads.

A job that makes the files of several people leaves those people alone whose files are current: the
files are there with the bytes that the record names, and were made of the same bytes of settings,
weights and shards by the same code. Times of files do not count.
"""

import hashlib
import json
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idfsr.errors import IdfsrError
from idfsr.io.digests import file_digest
from idfsr.io.files import atomic_path
from idfsr.io.shards import read_shard

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Made:
    """The files of one person."""

    record: Path
    """JSON: the digests of the sources, and of the files by their names."""
    files: tuple[Path, ...]
    sources: Mapping[str, str]
    """What the files are made of: its name, and a digest of it."""

    def _facts(self) -> dict[str, Any]:
        files = {path.name: file_digest(path) for path in self.files}
        return {"made_of": dict(self.sources), "files": files}

    def is_current(self) -> bool:
        """Return whether the files are there and are those that the sources give."""
        if not all(path.is_file() for path in (self.record, *self.files)):
            return False
        try:
            found = json.loads(self.record.read_text(encoding="utf-8"))
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            logger.warning("%s: not JSON: %s: its files are made again", self.record, error)
            return False
        return bool(found == self._facts())

    def write_record(self) -> None:
        """Record what the files are and what they were made of."""
        with atomic_path(self.record) as temporary:
            text = json.dumps(self._facts(), indent=1, sort_keys=True)
            temporary.write_text(f"{text}\n", encoding="utf-8")


def digest_files(paths: Iterable[Path]) -> str:
    """Return one digest of the bytes of several files, in their order."""
    digests = "".join(file_digest(path) for path in paths)
    return hashlib.sha256(digests.encode()).hexdigest()


def digest_shards(paths: Sequence[Path], people: Iterable[str]) -> dict[str, str]:
    """Return for each person a digest of the shards that hold them; of all shards if none does.

    So the record of a person is the same whether a job was given one shard or several.

    Args:
        paths: The shards.
        people: Names.

    Raises:
        IdfsrError: A file is missing or is not a shard.
    """
    held = {path: set(read_shard([path], ["identity"])["identity"].to_pylist()) for path in paths}
    digests = {path: file_digest(path) for path in paths}
    result = {}
    for identity in people:
        chosen = [path for path in paths if identity in held[path]] or paths
        joined = "".join(digests[path] for path in chosen)
        result[identity] = hashlib.sha256(joined.encode()).hexdigest()
    return result


def make_people(
    people: Mapping[str, Made],
    at_once: int,
    prepare: Callable[[], Callable[[Sequence[str]], None]],
) -> None:
    """Make the files of the people whose files are not current.

    People are made in groups, which are always the same, so that numbers whose last digits depend
    on the company do not depend on where a job was killed. A mistake in one person's data does not
    keep the others from being made.

    Args:
        people: Name and files of each.
        at_once: People of a group.
        prepare: Loads what is needed, once if anyone is to be made, and returns what writes the
            files of a group.

    Raises:
        IdfsrError: Some could not be made, the others are; or nothing could be loaded.
    """
    names, mistakes, make = list(people), [], None
    groups = deque(names[at : at + at_once] for at in range(0, len(names), at_once))
    while groups:
        group = groups.popleft()
        label = f"{', '.join(group)}, {names.index(group[-1]) + 1} of {len(names)}"
        if all(people[identity].is_current() for identity in group):
            logger.info("%s: is current", label)
            continue
        logger.info("%s", label)
        make = make or prepare()
        try:
            make(group)
        except IdfsrError as error:
            who = ", ".join(group)
            logger.error("%s: %s", who, error)  # noqa: TRY400 -- the user's mistake, one line
            if len(group) > 1:  # whose it is shows when each is alone
                groups.extend([identity] for identity in group)
            else:
                mistakes.append(f"{who}: {error}")
            continue
        for identity in group:
            people[identity].write_record()
    if mistakes:
        message = f"{len(mistakes)} of {len(names)} failed: {'; '.join(mistakes)}"
        raise IdfsrError(message)
