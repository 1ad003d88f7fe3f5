"""Files that are there in full or not at all."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from idfsr.errors import IdfsrError


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`, and rename it to `path` once the body is done.

    A reader, or a run that goes on after a kill, sees the old file or the new one, never a part.
    The temporary name keeps the suffix of `path`, for libraries that choose a format by it. The
    file gets the permissions of any new file: some libraries would keep it from other users.

    Args:
        path: The file to make. Its folder is made if it is missing.

    Yields:
        A name, not yet a file, in the same folder. If the body raises, what it wrote is removed.

    Raises:
        IdfsrError: The folder cannot be made, or `path` is a folder.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"{path.parent}: cannot be made: {error.strerror}, wanted a folder to write to"
        raise IdfsrError(message) from None
    if path.is_dir():
        message = f"{path}: found a folder, wanted a file's name"
        raise IdfsrError(message)
    temporary = path.with_name(f".{secrets.token_hex(4)}.{path.name}")
    temporary.touch()
    mode = temporary.stat().st_mode
    temporary.unlink()
    try:
        yield temporary
        temporary.chmod(mode)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
