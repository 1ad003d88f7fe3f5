"""The user's mistakes, and what the machine cannot give. Anything else keeps its traceback."""

import errno
from pathlib import Path
from typing import Final

_WHAT_TO_DO: Final = {
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there",
    errno.EFBIG: "make room there",
    errno.EROFS: "wanted a place that can be written to",
    errno.EACCES: "wanted permission to it",
    errno.EPERM: "wanted permission to it",
    errno.ENAMETOOLONG: "wanted a shorter name",
}

_NO_MEMORY: Final = ("not enough memory", "can't allocate memory", "CUDA out of memory")
"""What PyTorch says."""


class IdfsrError(Exception):
    """A mistake the user can mend: one line with the file, what was found, what was wanted.

    The command line prints it without a traceback and exits with status 2.
    """


class DamagedFileError(IdfsrError):
    """A file whose content is not what was written."""

    def __init__(self, path: Path, found: str) -> None:
        super().__init__(
            f"{path}: {found}, wanted what idfsr wrote: it is damaged or another file; "
            "if a run made it, remove it and run again"
        )


def describe_failure(error: Exception) -> str:
    """Say in one line what the machine could not give: room, permission or memory; "" if neither.

    Args:
        error: That no stage has caught.
    """
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        advice = _WHAT_TO_DO.get(error.errno or 0, "wanted a file or folder that can be used")
        return f"{place}{error.strerror or error}: {advice}"
    text = " ".join(str(error).split())
    if isinstance(error, MemoryError) or any(words in text for words in _NO_MEMORY):
        return "not enough memory: wanted a machine with more, or smaller batches"
    return ""
