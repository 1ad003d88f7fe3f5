"""Whether weight files are those that their authors published: compared once, then remembered."""

import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from idfsr.errors import IdfsrError
from idfsr.io.digests import file_digest
from idfsr.io.files import atomic_path
from idfsr.io.places import PACKAGE, cache_folder
from idfsr.io.weights_list import PublishedFile, difference_of

logger = logging.getLogger(__name__)

PUBLISHED: Final = "published"
ANOTHER: Final = "another file"
NOT_COMPARED: Final = "no digest published"
OWN: Final = "of this project"
NOT_LISTED: Final = "not in the list of published files"

COLUMNS: Final = ("file", "size", "sha256", "standing")
"""Of the table of a run's weight files."""


def remembered_digest(path: Path) -> str:
    """Return the sha256 of a file; one whose path, size and time are known is not read again."""
    status, store = path.stat(), cache_folder() / "digests.json"
    key = f"{path.resolve()} {status.st_size} {status.st_mtime_ns}"
    try:
        known = json.loads(store.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # none yet, or damaged: it is made anew
        known = {}
    if not isinstance(known, dict) or key not in known:
        known = {**(known if isinstance(known, dict) else {}), key: file_digest(path)}
        try:
            with atomic_path(store) as temporary:
                temporary.write_text(json.dumps(known), encoding="utf-8")
        except (IdfsrError, OSError) as error:
            logger.warning("%s: digests are not remembered: %s", store, error)
    return str(known[key])


def find_other_files(files: Mapping[Path, PublishedFile]) -> list[str]:
    """Return a line for each file that is there and is not the published one.

    Args:
        files: Path to what was published.
    """
    found = []
    for path, file in files.items():
        if path.is_file() and (difference := difference_of(file, path, remembered_digest)):
            found.append(f"{path}: {difference}, from {file.source}")
    return found


def list_weights(
    paths: Iterable[Path], files: Mapping[Path, PublishedFile]
) -> list[dict[str, str | int]]:
    """Return what each weight file of a run is: a row of `COLUMNS`.

    Args:
        paths: The files, which are there.
        files: Path to what was published.
    """
    rows: list[dict[str, str | int]] = []
    for path in paths:
        file = files.get(path)
        if path.resolve().is_relative_to(PACKAGE):
            standing = OWN
        elif file is None:
            standing = NOT_LISTED
        elif difference_of(file, path, remembered_digest):
            standing = ANOTHER
        else:
            standing = PUBLISHED if file.sha256 else NOT_COMPARED
        digest = remembered_digest(path)
        values = (str(path), path.stat().st_size, digest, standing)
        rows.append(dict(zip(COLUMNS, values, strict=True)))
    return rows
