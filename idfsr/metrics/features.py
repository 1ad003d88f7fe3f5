"""What networks say of single images, kept so that each network sees an image once.

The ground truth is the same for all methods and scale factors, and a restored image does not
change when a table is made again. So features are kept by the content of the image, in Parquet
files of which a table of metrics is derived: a new method costs only its own images, and a new
metric only its own network.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import UInt8

from idfsr.errors import IdfsrError
from idfsr.io.seals import parquet_writer
from idfsr.io.tables import open_table

Feature = dict[str, Any]
"""What one network says of one image: names to numbers, words, or arrays of one dimension."""

Features = dict[str, np.ndarray]
"""The same of many images: an array a name, an image a row. Where the images differ in length, it
holds an array for each."""


@dataclass(frozen=True)
class ImageBatch:
    """Images of one kind, restored or ground truth; see `make_batch`."""

    keys: list[str]
    """A digest of each image and of its crop."""
    image: UInt8[np.ndarray, "B H W 3"]
    crop: UInt8[np.ndarray, "B 112 112 3"]
    """Their faces, aligned to the ArcFace template."""

    def take(self, rows: Sequence[int]) -> "ImageBatch":
        """Return some of the images."""
        indices = list(rows)
        return ImageBatch([self.keys[row] for row in rows], self.image[indices], self.crop[indices])


def make_batch(
    image: UInt8[np.ndarray, "B H W 3"], crop: UInt8[np.ndarray, "B 112 112 3"]
) -> ImageBatch:
    """Name images by their content, which is all that a network sees of them."""
    return ImageBatch([_digest(*pair) for pair in zip(image, crop, strict=True)], image, crop)


def _digest(image: UInt8[np.ndarray, "H W 3"], crop: UInt8[np.ndarray, "112 112 3"]) -> str:
    digest = hashlib.sha256(str(image.shape).encode())
    digest.update(image.tobytes())
    digest.update(crop.tobytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class Extractor:
    """A network that is asked of single images."""

    name: str
    digest: str
    """Of its weights, of our code around it, of the library and of the engine that it runs on."""
    extract: Callable[[ImageBatch], list[Feature]]
    """One for each image, which depends on that image alone."""


class FeatureStore:
    """Features by extractor and content of the image."""

    def __init__(self, extractors: Iterable[Extractor]) -> None:
        self._extractors = {one.name: one for one in extractors}
        self._known: dict[str, dict[str, Feature]] = {name: {} for name in self._extractors}

    def read(self, path: Path) -> None:
        """Take over what a file holds of these extractors, if their digests are the same.

        Raises:
            IdfsrError: The file is missing or is not one of `write`.
        """
        with open_table(path) as file:
            metadata = file.schema_arrow.metadata or {}
            names = [
                name
                for name, one in self._extractors.items()
                if metadata.get(name.encode(), b"").decode() == one.digest
            ]
            if "key" not in file.schema_arrow.names:
                message = f"{path}: found no column key, wanted features of `idfsr features`"
                raise IdfsrError(message)
            table = file.read(columns=["key", *names])
        keys = table["key"].to_pylist()
        for name in names:
            found = zip(keys, table[name].to_pylist(), strict=True)
            self._known[name].update({key: one for key, one in found if one is not None})

    def complete(self, batch: ImageBatch, names: Iterable[str]) -> None:
        """Ask extractors of the images that they have not seen."""
        for name in names:
            known = self._known[name]
            rows = [row for row, key in enumerate(batch.keys) if key not in known]
            if rows:
                new = batch.take(rows)
                known.update(zip(new.keys, self._ask(name, new), strict=True))

    def _ask(self, name: str, batch: ImageBatch) -> list[Feature]:
        return self._extractors[name].extract(batch)

    def features(self, name: str, keys: Sequence[str]) -> Features:
        """Return what an extractor said of images, in their order."""
        found = [self._known[name][key] for key in keys]
        return {field: _stack([feature[field] for feature in found]) for field in found[0]}

    def write(self, path: Path, keys: Iterable[str]) -> None:
        """Write what is known of some images, with the digests of the extractors."""
        unique = sorted(set(keys))
        columns = {
            name: pa.array([known.get(key) for key in unique])
            for name, known in self._known.items()
        }
        digests = {name: one.digest for name, one in self._extractors.items()}
        table = pa.table({"key": unique, **columns}).replace_schema_metadata(digests)
        with parquet_writer(path, table.schema) as writer:
            writer.write_table(table)


def _stack(values: list[Any]) -> np.ndarray:
    arrays = [np.asarray(value) for value in values]
    if len({array.shape for array in arrays}) == 1:
        return np.stack(arrays)
    ragged = np.empty(len(arrays), dtype=object)
    ragged[:] = arrays
    return ragged
