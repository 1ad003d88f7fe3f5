"""Where files stand that are not named on the command line, whatever folder it is typed in.

The package's own data come with it, published weights stand in $IDFSR_WEIGHTS, and what is
downloaded or made once for all runs in $IDFSR_CACHE.
"""

import os
from pathlib import Path
from typing import Final

import platformdirs

PACKAGE: Final = Path(__file__).parents[1]
DEFAULTS: Final = PACKAGE / "defaults"
"""Links to files of config/ and envs/, which a wheel holds as files."""

CACHE_VARIABLE: Final = "IDFSR_CACHE"
WEIGHTS_VARIABLE: Final = "IDFSR_WEIGHTS"
WEIGHTS_DIR: Final = "weights"
"""Folder of the published weights without that variable."""


def cache_folder() -> Path:
    """Return the folder for what is downloaded or made once; it need not be there yet."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else platformdirs.user_cache_path("idfsr")


def weights_folder() -> Path:
    """Return the folder of the published weights."""
    return Path(os.environ.get(WEIGHTS_VARIABLE, WEIGHTS_DIR))


def assets_folder() -> Path:
    """Return the folder of the asset packages: that of a clone, where `make setup` puts it."""
    clone = Path(".assets")
    return clone if clone.is_dir() else cache_folder() / "assets"


def locate(name: str | Path) -> Path:
    """Return where a file of the settings is.

    Args:
        name: weights/... stands in `weights_folder`; idfsr/... and config/..., where there is none
            such, come with the package; anything else is as it says.
    """
    path = Path(name)
    first, *rest = path.parts or ("",)
    if first == WEIGHTS_DIR:
        return weights_folder().joinpath(*rest)
    own = {"idfsr": PACKAGE, "config": DEFAULTS}.get(first)
    if own is None or path.exists() or not (packed := own.joinpath(*rest)).exists():
        return path
    return packed
