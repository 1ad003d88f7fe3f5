"""Images that were restored elsewhere, from a folder laid out as in an export (docs/exchange.md).

A run declares such a method by its settings, `methods: [{name: mine, folder: ...}]`; it has no name
here.
"""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from idfsr.config.types import section
from idfsr.errors import IdfsrError
from idfsr.methods.engine.contract import Context, Method, Restorer


@section
class FolderConfig:
    """Where the images are."""

    folder: str
    """With x<scale factor>/<person>/<image>.png, of the size of the ground truth."""


class Folder(Restorer):
    """Reads each image from its file."""

    def __init__(self, folder: Path, scale_factor: int) -> None:
        from idfsr.io.restored_folder import digest_images

        self._folder = folder
        self.model_digest = digest_images(folder, scale_factor)[:16]
        self._found: dict[str, UInt8[np.ndarray, "S S 3"]] = {}

    def _read(self, key: str, size: int) -> str:
        """Read an image; say why it cannot be used, "" if it can."""
        from idfsr.io.images import read_image
        from idfsr.io.restored_folder import restored_name

        identity, rest = key.split("/", 1)
        image, scale = rest.rsplit("/", 1)
        path = self._folder / restored_name(int(scale[1:]), identity, image)
        if not path.is_file():
            return "no image in the folder"
        try:
            found = read_image(path)
        except IdfsrError:
            return "the folder's image cannot be read"
        height, width = found.shape[:2]
        if (height, width) != (size, size):
            return f"the folder's image has {width} x {height} pixels, not {size} x {size}"
        self._found[key] = found
        return ""

    def examine(self, examples: Any) -> tuple[Any, list[str]]:
        """Look which images are there; those of one person are kept until the next."""
        self._found.clear()
        size = examples["gt_image"].shape[-1]
        return examples, [self._read(key, size) for key in examples["keys"]]

    def restore(self, examples: Any) -> UInt8[np.ndarray, "B S S 3"]:
        """Return the images as they are."""
        return np.stack([self._found[key] for key in examples["keys"]])


def _load(context: Context) -> Folder:
    return Folder(Path(context.settings.folder), context.scale_factor)


def declare(name: str) -> Method:
    """Return the method of a name that a run gives to a folder."""
    return Method(
        name=name,
        label=name,
        load=_load,
        settings=FolderConfig,
        needs_gpu=False,
        memory_mb=2000,
    )


METHODS = ()
