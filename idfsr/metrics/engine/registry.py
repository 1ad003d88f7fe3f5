"""The metrics that there are: each module of `idfsr.metrics` but `engine` declares a `FAMILY`.

A new metric is a new file and nothing else. The files are imported when the registry is asked, by
name, so that each counts for the jobs of its own family and for no others; none of them imports
torch before its `load` is called. Beside them stand all metrics of pyiqa, by `pyiqa:` and its name.
"""

import importlib
import logging
import pkgutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from idfsr import metrics as package
from idfsr.errors import IdfsrError
from idfsr.io.weights_list import missing_files
from idfsr.metrics.engine.metric import FAMILY_PREFIX, PREFIX, Family, Metric

logger = logging.getLogger(__name__)


PYIQA: Final = "idfsr.metrics.engine.pyiqa_metric"
"""Module of the metrics of pyiqa, imported by name as those of the families are."""


def pyiqa_family(name: str) -> Family:
    """Return the family of a metric of pyiqa.

    Args:
        name: Of the metric, or of its family.

    Raises:
        IdfsrError: The library has none of this name.
    """
    family: Family = importlib.import_module(PYIQA).pyiqa_family(name)
    return family


@cache
def all_families() -> dict[str, Family]:
    """Return the families by the names of their modules, sorted."""
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return {
        name: importlib.import_module(f"{package.__name__}.{name}").FAMILY
        for name in names
        if name != "engine"
    }


def all_metrics() -> dict[str, Metric]:
    """Return the metrics by their names, those of a family together."""
    return {metric.name: metric for family in all_families().values() for metric in family.metrics}


def find_metrics(names: Iterable[str]) -> list[Metric]:
    """Return the metrics of these names, in this order, each once.

    Raises:
        IdfsrError: A name is not a metric's.
    """
    wanted = list(dict.fromkeys(names))
    known = all_metrics() | {
        name: pyiqa_family(name).metrics[0] for name in wanted if name.startswith(PREFIX)
    }
    unknown = [name for name in wanted if name not in known]
    if unknown:
        message = f"metrics: found {', '.join(unknown)}, wanted some of {', '.join(known)}"
        raise IdfsrError(message)
    return [known[name] for name in wanted]


def find_families(names: Iterable[str]) -> dict[str, Family]:
    """Return the families of some metrics by name, each once.

    Raises:
        IdfsrError: A name is not a metric's.
    """
    wanted = find_metrics(names)
    found = {
        name: family
        for name, family in all_families().items()
        if any(metric in wanted for metric in family.metrics)
    }
    theirs = sorted(metric.name for metric in wanted if metric.name.startswith(PREFIX))
    return found | {
        f"{FAMILY_PREFIX}{name.removeprefix(PREFIX)}": pyiqa_family(name) for name in theirs
    }


def module_of(family: str) -> str:
    """Return the module that declares a family."""
    if family.startswith(FAMILY_PREFIX):
        return PYIQA
    return f"{package.__name__}.{family}"


def find_family(name: str) -> Family:
    """Return the family of this name.

    Raises:
        IdfsrError: There is none.
    """
    families = all_families()
    if name.startswith(FAMILY_PREFIX):
        return pyiqa_family(name)
    if name not in families:
        message = f"family: found {name}, wanted one of {', '.join(families)}"
        raise IdfsrError(message)
    return families[name]


def drop_missing(names: Iterable[str], weights_dir: Path) -> tuple[list[str], list[str]]:
    """Leave out metrics whose published weights are not there, and log a line for each.

    Args:
        names: Of metrics.
        weights_dir: Folder of the published weights.

    Returns:
        The names of those that can be computed, and of the others.

    Raises:
        IdfsrError: A name is not a metric's.
    """
    wanted = [metric.name for metric in find_metrics(names)]
    missing = missing_files(wanted, weights_dir)
    for name, file in missing.items():
        logger.warning("%s: not computed, its column stays empty: no %s", name, file)
    return [name for name in wanted if name not in missing], list(missing)
