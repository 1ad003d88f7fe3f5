"""Commands with two ways: a stage of the workflow, and photographs of one's own.

The second way is imported when it is taken: a change of its code does not rerun the workflow's.
"""

import argparse
import importlib
from collections.abc import Callable, Sequence
from typing import Any

from idfsr.errors import IdfsrError


def check_arguments(
    args: argparse.Namespace, needed: Sequence[str], refused: Sequence[str], mode: str
) -> None:
    """See that the arguments of one of the two ways of a command are there, and no other's.

    Args:
        args: Parsed; what was not given is None.
        needed: Names of arguments of this way.
        refused: Those of the other way.
        mode: What to call this way.

    Raises:
        IdfsrError: One is missing or one too many.
    """
    for names, given, what in ((needed, False, "needs"), (refused, True, "does not take")):
        for name in names:
            if (getattr(args, name) is not None) == given:
                message = f"{mode} {what} --{name.replace('_', '-')}"
                raise IdfsrError(message)


def photographs(name: str) -> Callable[[argparse.Namespace], Any]:
    """Return a function of `idfsr.stages.photographs`."""
    function: Callable[[argparse.Namespace], Any] = getattr(
        importlib.import_module("idfsr.stages.photographs"), name
    )
    return function
