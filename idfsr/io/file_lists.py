"""Lists of files: what one job made for many people, as one file that later stages depend on.

A list is a table of tab-separated values beside the files that it names, with their digests: it
changes when one of them does.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from idfsr.errors import IdfsrError
from idfsr.io.digests import file_digest
from idfsr.io.tables import read_tsv, write_tsv

LIST_SUFFIX = ".tsv"


def write_list(path: Path, files: Iterable[Path]) -> None:
    """Write a list of files.

    Args:
        path: Of the list.
        files: In the folder of the list or below it.
    """
    rows = [
        {"file": file.relative_to(path.parent).as_posix(), "sha256": file_digest(file)}
        for file in files
    ]
    write_tsv(pd.DataFrame(rows, columns=["file", "sha256"]), path)


def listed_files(paths: Sequence[Path], suffix: str) -> list[Path]:
    """Replace lists by the files that they name.

    Args:
        paths: Files, which stay as they are, and lists.
        suffix: Of the files wanted from the lists, e.g. ".parquet".

    Raises:
        IdfsrError: A list is missing or is none, or names a file that is missing.
    """
    files: list[Path] = []
    for path in paths:
        if path.suffix != LIST_SUFFIX:
            files.append(path)
            continue
        table = read_tsv(path)
        if "file" not in table:
            message = f"{path}: found columns {', '.join(table.columns)}, wanted file"
            raise IdfsrError(message)
        named = [path.parent / name for name in table["file"] if name.endswith(suffix)]
        for file in named:
            if not file.is_file():
                message = f"{path}: names {file}, which is missing: make it again by that name"
                raise IdfsrError(message)
        files += named
    return files
