"""Reading weight files of other projects: nothing in them is run.

PyTorch's format is a list of commands that build objects. Only tensors, numbers, text and plain
containers are built here; a few classes by name become an empty stand-in.
"""

import pickle
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor

from idfsr.errors import IdfsrError

_SIGNS_OF_OTHER_CONTENT = (
    RuntimeError, pickle.UnpicklingError, EOFError, LookupError, ValueError, TypeError,
    AttributeError, OSError, MemoryError, RecursionError, SafetensorError, zipfile.BadZipFile,
    struct.error,
)  # fmt: skip
"""What PyTorch's reader raises on a file of another kind, which it takes for its commands."""


class Stub:
    """Stands for a class of another library."""


def _reason(error: Exception) -> str:
    for line in str(error).splitlines():
        name = next(iter(line.partition("GLOBAL ")[2].split()), "")
        if name:
            return f"refers to {name}, of which nothing was run"
    return "cut short, or not a file of PyTorch"


def read_torch_file(path: Path, wanted: str, stubs: Sequence[str] = ()) -> Any:
    """Read a file of `torch.save`, on the CPU.

    Args:
        path: The file.
        wanted: What it should be, for an error.
        stubs: Dotted names of classes that may occur in it.

    Raises:
        IdfsrError: The file is missing, cut short, of another kind, or refers to anything that
            could run.
    """
    if not path.is_file():
        message = f"{path}: no such file, wanted {wanted}"
        raise IdfsrError(message)
    try:
        with torch.serialization.safe_globals([(Stub, name) for name in stubs]):
            # a mapped file is read where its tensors are used: a third of a Lightning checkpoint
            return torch.load(
                path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path)
            )
    except _SIGNS_OF_OTHER_CONTENT as error:
        message = f"{path}: {_reason(error)}; wanted {wanted}"
        raise IdfsrError(message) from None


def read_torch_tensors(path: Path, wanted: str) -> dict[str, Tensor]:
    """Read a file of `torch.save` that holds tensors by name and nothing else.

    Raises:
        IdfsrError: See `read_torch_file`; or it holds something else.
    """
    state = read_torch_file(path, wanted)
    if not isinstance(state, dict) or not all(isinstance(x, Tensor) for x in state.values()):
        message = f"{path}: found {type(state).__name__}, wanted {wanted}, a dictionary of tensors"
        raise IdfsrError(message)
    return state
