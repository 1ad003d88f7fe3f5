"""What a run needs that no rule makes: images, weight files and packages."""

import dataclasses
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from idfsr.dataset.listing import contents_digest
from idfsr.errors import IdfsrError
from idfsr.io.places import locate
from idfsr.io.weights_list import (
    lacking_files,
    missing_files,
    read_manifest,
    weights_folder,
)
from idfsr.methods.engine.registry import missing_packages
from idfsr.run.config import Config
from idfsr.run.families import families_of

published_files = cache(read_manifest)
"""A list of weights by name; it is read once for all jobs."""

MADE: Final = Path("results")
"""Folder of the files that rules make."""


def check_inputs(config: Config) -> None:
    """Check that the images, weight files and packages of a run are there.

    Args:
        config: Of the run. Its paths are relative to the working directory.

    Raises:
        IdfsrError: A metric is unknown, or something is missing: a line for each, with the setting
            that names it.
    """
    families_of(config)
    problems = []
    if config.dataset.kind != "synthref" and not Path(config.dataset.root).is_dir():
        problems.append(f"{config.dataset.root}: no such folder, wanted images (dataset.root)")
    named = {f"weights.{name}": path for name, path in dataclasses.asdict(config.weights).items()}
    named["landmarks.weights"] = config.landmarks.weights
    problems += [
        f"{locate(path)}: no such file, wanted weights ({name})"
        for name, path in named.items()
        if path and not Path(path).is_relative_to(MADE) and not locate(path).is_file()
    ]
    problems += missing_packages(config.methods)
    if (manifest := Path(config.weights.baselines)).is_file():
        problems += lacking_files(config.methods, weights_folder(manifest), manifest)
    if problems:
        raise IdfsrError("\n".join(problems))


def photographs_digest(config: Config) -> str:
    """Digest the photographs that no rule makes; "" where a rule renders them.

    Raises:
        IdfsrError: See `contents_digest`.
    """
    if config.dataset.kind == "synthref":
        return ""
    return contents_digest(Path(config.dataset.root), MADE / config.run / "listing.tsv")


def weights_there(names: Iterable[str], manifest: Path) -> list[str]:
    """Return the files of a list that some metrics or methods need and that are there.

    A file that comes later is then a new input of their jobs, which run again.

    Args:
        names: Of metrics or methods.
        manifest: The list.
    """
    wanted = set(names)
    paths = [
        weights_folder(manifest) / file.path
        for file in published_files(manifest).values()
        if not wanted.isdisjoint(file.needed_by)
    ]
    return list(dict.fromkeys(str(path) for path in paths if path.is_file()))


def baseline_weights(config: Config, methods: Iterable[str]) -> list[str]:
    """Return the weights of some baselines that are there."""
    return weights_there(methods, Path(config.weights.baselines))


def trained_weights(config: Config) -> list[str]:
    """Return the weights of a run's methods that may say how they were trained."""
    files = [*baseline_weights(config, config.methods), str(locate(config.weights.idfsr))]
    return [path for path in files if path.endswith(".safetensors")]


def missing_metrics(config: Config) -> list[str]:
    """Return a line for each metric of a run whose published weights are not there."""
    missing = missing_files([*config.metrics.table1, *config.metrics.table2], weights_folder())
    return [f"{name}: its column will stay empty: no {file}" for name, file in missing.items()]
