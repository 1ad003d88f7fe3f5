"""Files that are there in full or not at all."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from idfsr.errors import IdfsrError

_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`, and rename it to `path` once the body is done.

    A reader, or a run that goes on after a kill or a power cut, sees the old file or the new one,
    never a part. The temporary name keeps the suffix of `path`, for libraries that choose a format
    by it. The file gets the permissions of any new file: some libraries would keep it from other
    users. Where `path` is a link to a file, that file is replaced.

    Args:
        path: The file to make. Its folder is made if it is missing.

    Yields:
        A name, not yet a file, in the same folder. If the body raises, what it wrote is removed.

    Raises:
        IdfsrError: `path` is something else than a file, or its folder cannot be made.
        OSError: It cannot be written; names `path`.
    """
    if path.is_dir():
        message = f"{path}: found a folder, wanted a file's name"
        raise IdfsrError(message)
    if path.exists() and not path.is_file():
        message = f"{path}: found a device or a pipe, wanted a file's name"
        raise IdfsrError(message)
    target = path.resolve() if path.is_symlink() else path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"{path.parent}: cannot be made: {error.strerror}, wanted a folder to write to"
        raise IdfsrError(message) from None
    temporary = target.with_name(f".{secrets.token_hex(4)}.{target.name}")
    try:
        temporary.touch()
        mode = temporary.stat().st_mode
        temporary.unlink()
        yield temporary
        temporary.chmod(mode)
        _to_disk(temporary)
        temporary.replace(target)
        _to_disk(target.parent)
    except Exception as error:
        if number := _write_error(error):
            raise OSError(number, os.strerror(number), str(path)) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    """Wait until a file, or the entries of a folder, would outlive a power cut."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _write_error(error: Exception) -> int:
    """Return the number of an error of writing, which some libraries say in words; 0 of others."""
    if isinstance(error, OSError) and error.errno and error.filename is None:
        return error.errno
    text = str(error)
    named = [number for number in _NO_ROOM if os.strerror(number) in text]
    is_of_torch = "inline_container.cc" in text or "PytorchStreamWriter" in text
    return named[0] if named else errno.ENOSPC if is_of_torch else 0
