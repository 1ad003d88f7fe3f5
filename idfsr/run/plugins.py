"""Methods that other packages bring: their names are known without importing anything."""

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import Final

from idfsr.constants import METHOD_NAMES

GROUP: Final = "idfsr.methods"
"""Of the entry points: the name of a method, and the class of it."""

EXTRAS: Final = {"gfpgan": "spandrel", "restoreformer": "spandrel"}
"""Packages that methods of ours need beyond the requirements; the extras are called the same."""


def plugin_methods() -> dict[str, EntryPoint]:
    """Return the methods of other packages by name, in the order of their names."""
    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return {point.name: point for point in points if point.name not in METHOD_NAMES}


def method_names() -> tuple[str, ...]:
    """Return all methods: those of the tables in their order, then those of other packages."""
    return (*METHOD_NAMES, *plugin_methods())


def missing_packages(methods: Iterable[str]) -> list[str]:
    """Return a line for each method whose package of `EXTRAS` is not installed."""
    return [
        f"{method}: no package {EXTRAS[method]}, wanted from pip install 'idfsr[{EXTRAS[method]}]'"
        for method in methods
        if method in EXTRAS and find_spec(EXTRAS[method]) is None
    ]
