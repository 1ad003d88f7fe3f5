"""The user's mistakes. Anything else that goes wrong keeps its own exception and traceback."""

from pathlib import Path


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
