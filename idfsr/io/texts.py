"""Text files of a run with their digests: each writer records one, each reader checks it.

JSON holds its digest beside its values. Tables are for people and their spreadsheets too: theirs
stands in a file beside them, `<name>.sha256`, as `sha256sum -c` reads it.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from idfsr.errors import DamagedFileError, IdfsrError
from idfsr.io.files import atomic_path
from idfsr.sealed_json import parse_json, seal, unseal


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write values with their digest, in full or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(seal(values), indent=2) + "\n", encoding="utf-8")


def read_json(path: Path, wanted: str) -> dict[str, Any]:
    """Read what `write_json` wrote.

    Args:
        path: The file.
        wanted: What it should be, for an error.

    Raises:
        IdfsrError: The file is missing, is not JSON or was damaged.
    """
    return unseal(parse_json(_decode(path, wanted), path), path)


def stats_line(record: dict[str, Any]) -> str:
    """Return a line of the statistics of a training, with its digest."""
    return json.dumps(seal(record)) + "\n"


def read_stats(path: Path) -> list[dict[str, Any]]:
    """Read the statistics of a training, one JSON object a line.

    Raises:
        IdfsrError: The file is missing, is something else or was damaged.
    """
    lines = _decode(path, "the statistics of a training").splitlines()
    return [unseal(parse_json(line, path), path) for line in lines]


def digest_path(path: Path) -> Path:
    """Return the name of the file with the digest of a text file."""
    return path.with_name(f"{path.name}.sha256")


def write_text(path: Path, text: str) -> None:
    """Write text, in full or not at all, and its digest beside it.

    A kill in between leaves no digest rather than that of the former text.
    """
    data = text.encode()
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)
        digest_path(path).unlink(missing_ok=True)
    with atomic_path(digest_path(path)) as temporary:
        temporary.write_text(f"{hashlib.sha256(data).hexdigest()}  {path.name}\n", encoding="utf-8")


def read_text(path: Path, wanted: str) -> str:
    """Read text that `write_text` wrote, or that somebody wrote by hand, without a digest.

    Args:
        path: The file.
        wanted: What it should be, for an error.

    Raises:
        IdfsrError: The file is missing, is not text, or is not what its digest says.
    """
    text = _decode(path, wanted)
    beside = digest_path(path)
    if beside.is_file():
        recorded = beside.read_bytes().split(b" ")[0]
        if recorded != hashlib.sha256(text.encode()).hexdigest().encode():
            message = (
                f"{path}: found other bytes than {beside.name} says: damaged, or changed by hand; "
                f"remove both and run again, or remove {beside.name} alone to keep the change"
            )
            raise IdfsrError(message)
    return text


def _decode(path: Path, wanted: str) -> str:
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        message = f"{path}: no such file, wanted {wanted}"
    except UnicodeDecodeError as error:
        raise DamagedFileError(path, f"not text: {error}") from None
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}, wanted {wanted}"
    raise IdfsrError(message)
