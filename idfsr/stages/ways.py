"""Commands that serve as a stage of the workflow, and also work on your own photographs.

The code for photographs is imported only when it is called, so that changing it reruns no stage.
"""

import argparse
import importlib
from collections.abc import Callable, Sequence
from typing import Any

from idfsr.errors import IdfsrError


def check_arguments(
    args: argparse.Namespace, needed: Sequence[str], refused: Sequence[str], mode: str
) -> None:
    """Check that all arguments of one use of a command are given, and none of the other use.

    Args:
        args: Parsed; what was not given is None.
        needed: Names of the arguments of this use.
        refused: Those of the other use.
        mode: What to call this use in an error.

    Raises:
        IdfsrError: An argument is missing, or one of the other use is given.
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
