"""Images whose people a table of references tells, as of FFHQ-Ref and CelebA-Test-Ref (ReF-LDM).

A row of the table has the name of an image in its first column, and in its last a list of the
images that show the same person. Who is connected by rows is one person, called by the first of
their images. Names are compared without their ending and leading zeros: `00123.png` is `123.jpg`.
"""

import ast
import csv
import io
from collections.abc import Iterator
from pathlib import Path

from idfsr.config.dataset import DatasetConfig
from idfsr.dataset.items import Item
from idfsr.dataset.listing import PHOTOGRAPH, kind_of, readable_name
from idfsr.errors import IdfsrError
from idfsr.io.texts import read_text


def _number(name: str) -> str:
    stem = Path(name).stem
    return stem.lstrip("0") or stem[:1]


def _read_rows(path: Path) -> list[list[str]]:
    """Return the names of the images in each row of a table.

    Raises:
        IdfsrError: The file is missing or is no such table.
    """
    rows = list(csv.reader(io.StringIO(read_text(path, "a table of references"), newline="")))[1:]
    groups = []
    for number, row in enumerate(rows, 2):
        try:
            others = ast.literal_eval(row[-1])
        except (ValueError, SyntaxError, IndexError, MemoryError, RecursionError):
            others = None
        if not isinstance(others, list) or not all(isinstance(name, str) for name in others):
            found = row[-1][:40] if row else ""
            message = f"{path}: found {found!r} in line {number}, wanted a list of images"
            raise IdfsrError(message)
        names = [Path(name).name for name in (row[0], *others)]
        if bad := [name for name in names if not name or name.startswith(".")]:
            message = f"{path}: found {bad[0]!r} in line {number}, wanted the name of an image"
            raise IdfsrError(message)
        groups.append(names)
    if not groups:
        message = f"{path}: found no row, wanted images and their references"
        raise IdfsrError(message)
    return groups


def group_people(groups: list[list[str]]) -> dict[str, list[str]]:
    """Join the rows that have an image in common.

    Args:
        groups: Names of images that show the same person.

    Returns:
        The images of each person, sorted, by the stem of the first of them.
    """
    person_of: dict[str, set[str]] = {}
    for group in groups:
        people = [person_of.get(name, {name}) for name in group]
        joined = set().union(*people)
        person_of |= dict.fromkeys(joined, joined)
    people_once = {id(images): sorted(images) for images in person_of.values()}
    return {Path(images[0]).stem: images for images in sorted(people_once.values())}


def _find_images(dataset: DatasetConfig) -> dict[str, tuple[str, Path | None]]:
    """Return for each image of the table, by person and name, its own name and its file."""
    root = Path(dataset.root)
    if not root.is_dir():
        message = f"{root}: no such folder, wanted one with images"
        raise IdfsrError(message)
    files: dict[str, Path] = {}
    for path in sorted(root.rglob("*")):
        if kind_of(path) == PHOTOGRAPH:
            files.setdefault(_number(path.name), path)
    people = group_people(_read_rows(Path(dataset.references)))
    return {
        f"{person}/{name}": (name, files.get(_number(name)))
        for person, images in people.items()
        for name in images
    }


def source_files(dataset: DatasetConfig) -> dict[str, Path]:
    """Return the table, and the images that it names and that are there."""
    found = {name: path for name, (_, path) in _find_images(dataset).items() if path}
    return {Path(dataset.references).name: Path(dataset.references), **found}


def count_images(dataset: DatasetConfig) -> tuple[int, int]:
    """Return the number of people and of images in the table."""
    people = group_people(_read_rows(Path(dataset.references)))
    return len(people), sum(map(len, people.values()))


def read_parts(dataset: DatasetConfig, max_pixels: int) -> list[Iterator[Item]]:
    """Return a link to each image of the table.

    Args:
        dataset: Its root has the images anywhere below it.
        max_pixels: Is left to the index, which decodes the images.

    Raises:
        IdfsrError: A folder or the table is missing, or the table is none.
    """
    del max_pixels
    items = []
    for key, (name, path) in _find_images(dataset).items():
        person = key.partition("/")[0]
        if path is None:
            items.append(Item(person, name, name, None, "no such image"))
        else:
            source = readable_name(path, Path(dataset.root))
            items.append(Item(person, f"{Path(name).stem}{path.suffix}", source, path.resolve()))
    return [iter(items)]
