"""What `metrics.engine: library` needs of packages that look for their weights by themselves.

A package that does not find its file downloads it, so each is led to the folder of published
weights, and is not asked before the file is there.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from unittest.mock import patch

from idfsr.errors import IdfsrError
from idfsr.io.weights_list import find_weights

_LIBRARY_ERRORS: Final = (
    OSError, RuntimeError, ValueError, LookupError, EOFError, AttributeError, TypeError,
)  # fmt: skip
"""What packages raise on a file that is not theirs."""


@contextmanager
def own_places(weights_dir: Path) -> Iterator[None]:
    """Let packages look into the folder of published weights, and DeepFace run on PyTorch."""
    places = {
        "TORCH_HOME": str(weights_dir),
        "DEEPFACE_HOME": str(weights_dir),
        "DEEPFACE_BACKEND_ENGINE": "pytorch",
    }
    with patch.dict(os.environ, places), warnings.catch_warnings():
        # they call torch and torchvision as one did years ago
        warnings.filterwarnings("ignore", category=UserWarning)
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", category=FutureWarning)
        yield


@contextmanager
def own_file(weights_dir: Path, file: str, network: str) -> Iterator[Path]:
    """Let a package load its network.

    Args:
        weights_dir: Folder of the published weights.
        file: Of the package, below that folder.
        network: What to call it in an error.

    Raises:
        IdfsrError: The file is not there, or the package refuses it.
    """
    path = find_weights(weights_dir, file, network)
    with own_places(weights_dir):
        try:
            yield path
        except _LIBRARY_ERRORS as error:
            first = " ".join(str(error).split())[:200] or type(error).__name__
            message = f"{path}: {first}, wanted the weights of {network}"
            raise IdfsrError(message) from None
