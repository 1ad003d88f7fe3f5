"""Methods by name: those of this package, found by listing it, and those of other packages.

A module of a method is imported by its name when it is asked for. So its code counts for the jobs
of that method (`method_modules`), not for all that import this module.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from idfsr import methods
from idfsr.config.restore import RestoreStage
from idfsr.config.stage import first_mistake
from idfsr.errors import IdfsrError
from idfsr.io.weights_list import weight_paths, weights_folder
from idfsr.methods.engine.contract import Context, Method, Restorer

ENGINE: Final = "engine"
"""The one sub-package that holds no method."""

FOLDER: Final = "idfsr.methods.folder"
"""Module of the methods whose images were made elsewhere."""

GROUP: Final = "idfsr.methods"
"""Of the entry points of other packages: the name of a method, and the module with `METHODS`."""


@cache
def _modules() -> tuple[ModuleType, ...]:
    names = [found.name for found in pkgutil.iter_modules(methods.__path__)]
    return tuple(
        importlib.import_module(f"{methods.__name__}.{name}") for name in names if name != ENGINE
    )


@cache
def own_methods() -> dict[str, Method]:
    """Return the methods of this package by name."""
    return {method.name: method for module in _modules() for method in module.METHODS}


@cache
def plugin_methods() -> dict[str, EntryPoint]:
    """Return the entry points of other packages by name, in the order of their names."""
    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return {point.name: point for point in points if point.name not in own_methods()}


_declared: dict[str, Method] = {}


def declare_folder(name: str, settings: object) -> None:
    """Make a name that a run gives to a folder of restored images a method, in this process.

    Args:
        name: Of the method; one that is known already stays what it is.
        settings: Of the method; others than those of a folder declare nothing.
    """
    known = name in own_methods() or name in plugin_methods()
    if not known and isinstance(settings, Mapping) and set(settings) == {"folder"}:
        _declared[name] = importlib.import_module(FOLDER).declare(name)


def method_names() -> tuple[str, ...]:
    """Return the names of all methods; those of other packages come last."""
    return (*own_methods(), *plugin_methods())


def is_method(name: str) -> bool:
    """Return whether there is a method of that name."""
    return name in own_methods() or name in plugin_methods() or name in _declared


def find_method(name: str) -> Method:
    """Return what a method says of itself.

    Raises:
        IdfsrError: There is no such method, or the entry point of that name leads to none.
    """
    if name in own_methods():
        return own_methods()[name]
    if name in _declared:
        return _declared[name]
    plugins = plugin_methods()
    if name not in plugins:
        message = f"method: found {name!r}, wanted one of {', '.join(method_names())}"
        raise IdfsrError(message)
    where = f"method {name}: entry point {plugins[name].value}"
    try:
        declared = plugins[name].load().METHODS
    except (ImportError, AttributeError) as error:
        message = f"{where}: {error}"
        raise IdfsrError(message) from None
    for method in declared:
        if isinstance(method, Method) and method.name == name:
            return method
    message = f"{where}: wanted a module whose METHODS has a Method of that name"
    raise IdfsrError(message)


def method_modules(*names: str) -> tuple[str, ...]:
    """Return the modules of this package in which methods stand, for `code_digest`.

    A method of another package stands in none. What a method's module imports, at its head or
    within its functions, counts with it.
    """
    return tuple(
        module.__name__
        for module in _modules()
        if not {method.name for method in module.METHODS}.isdisjoint(names)
        or (module.__name__ == FOLDER and not _declared.keys().isdisjoint(names))
    )


def missing_packages(names: Iterable[str]) -> list[str]:
    """Return a line for each method whose `Method.package` is not installed."""
    packages = {name: find_method(name).package for name in names}
    return [
        f"{name}: no package {package}, wanted from pip install 'idfsr[{package}]'"
        for name, package in packages.items()
        if package and find_spec(package) is None
    ]


def own_settings(name: str, values: Mapping[str, Any], where: str) -> Any:
    """Return a method's own settings, an instance of `Method.settings`; None if it has none.

    Args:
        name: Of the method.
        values: Those that differ from the defaults.
        where: They stand, a dotted path for the error.

    Raises:
        IdfsrError: A value is not what it should be, or the method has no settings.
    """
    section = find_method(name).settings
    if section is None:
        if values:
            message = f"{where}: found {', '.join(values)}, but {name} has no settings of its own"
            raise IdfsrError(message)
        return None
    try:
        return TypeAdapter(section).validate_python(values)
    except ValidationError as error:
        message = f"{where}.{first_mistake(error)}"
        raise IdfsrError(message) from None


def load_method(
    name: str,
    stage: RestoreStage,
    *,
    scale_factor: int,
    weights_list: Path,
    model: Path | None,
) -> Restorer:
    """Return a method, ready to restore.

    Args:
        name: As in the settings of a run.
        stage: The stage's settings.
        scale_factor: Of the images.
        weights_list: See `idfsr.config.weights.WeightsConfig.baselines`.
        model: The network that the run trains, for a method that uses it.

    Raises:
        IdfsrError: See `find_method`; or a package, a setting or a file is missing or is not what
            it should be.
    """
    method = find_method(name)
    if missing := missing_packages([name]):
        raise IdfsrError(missing[0])
    context = Context(
        seed=stage.seed,
        restore=stage.restore,
        settings=own_settings(name, stage.method, f"{name}: method"),
        scale_factor=scale_factor,
        weights=weight_paths(name, method.weights, weights_folder(weights_list), weights_list),
        model=model,
    )
    return method.load(context)
