"""The user's mistakes. Anything else that goes wrong keeps its own exception and traceback."""


class IdfsrError(Exception):
    """A mistake the user can mend: one line with the file, what was found, what was wanted.

    The command line prints it without a traceback and exits with status 2.
    """
