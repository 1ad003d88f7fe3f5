"""What a run needs before its first job: images, weight files and packages that no rule makes."""

import dataclasses
from pathlib import Path
from typing import Final

from idfsr.errors import IdfsrError
from idfsr.io.weights_list import lacking_files, weights_folder
from idfsr.run.config import Config
from idfsr.run.families import families_of
from idfsr.run.plugins import missing_packages

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
        f"{path}: no such file, wanted weights ({name})"
        for name, path in named.items()
        if path and not Path(path).is_relative_to(MADE) and not Path(path).is_file()
    ]
    problems += missing_packages(config.methods)
    if (manifest := Path(config.weights.baselines)).is_file():
        problems += lacking_files(config.methods, weights_folder(manifest), manifest)
    if problems:
        raise IdfsrError("\n".join(problems))
