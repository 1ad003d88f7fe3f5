"""Data sets that are no folders of photographs, and are unpacked into such a tree once.

Each has a module that says which files it consists of, how many people and images they hold, and
what the images are. Light enough for Snakemake to ask.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from idfsr.config.dataset import DatasetConfig
from idfsr.dataset import clips, records, references


class Reader(NamedTuple):
    """What is known of a data set before it is unpacked.

    Attributes:
        source_files: Its files by names that say whose they are, sorted.
        count_images: The number of people and of images, before any is left out.
    """

    source_files: Callable[[DatasetConfig], dict[str, Path]]
    count_images: Callable[[DatasetConfig], tuple[int, int]]


_READERS: Final = {
    "casia_webface": Reader(records.source_files, records.count_images),
    "celebv_text": Reader(clips.source_files, clips.count_images),
    "ref_ldm": Reader(references.source_files, references.count_images),
}


def find_reader(dataset: DatasetConfig) -> Reader | None:
    """Return what reads a data set; None if it is a folder of people's folders."""
    if dataset.kind == "casia_webface" and Path(dataset.root).suffix != records.EXTENSION:
        return None
    return _READERS.get(dataset.kind)


def is_packed(dataset: DatasetConfig) -> bool:
    """Say whether a data set has to be unpacked."""
    return find_reader(dataset) is not None
