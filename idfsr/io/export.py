"""The images of a run as PNG files in folders, with a list of their digests.

    manifest.tsv                                   each file, its sha256, or why it is not there
    lr/x<scale factor>/<person>/<image>.png        what is restored
    ground_truth/<person>/<image>.png              what it was made from
    references/<person>/<image>.png                other photographs of the person, as large
    restored/<method>/x<scale factor>/<person>/<image>.png

A folder such as restored/<method> is also how images that were restored elsewhere come into a run
(`methods: [{name: mine, folder: ...}]`).
"""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pandas as pd
import pyarrow.parquet as pq

from idfsr.errors import IdfsrError
from idfsr.io.digests import file_digest
from idfsr.io.restored_folder import restored_name
from idfsr.io.shards import read_shard
from idfsr.io.tables import read_table, read_tsv, write_tsv
from idfsr.io.texts import digest_path

MANIFEST = "manifest.tsv"
COLUMNS = ("file", "sha256", "problem")

_SCALE = re.compile(r"x[0-9]+")


def _scale_folders(folder: Path) -> list[tuple[int, Path]]:
    found = [path for path in folder.glob("x*") if _SCALE.fullmatch(path.name)]
    return sorted((int(path.name[1:]), path) for path in found)


def _shard_images(run: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the images of test people that a run prepared: name and PNG."""
    of_all_scales = set()
    for scale_factor, folder in _scale_folders(run / "shards"):
        for shard in sorted(folder.glob("test-*.parquet")):
            people = dict.fromkeys(
                pq.read_table(shard, columns=["identity"], partitioning=None)[
                    "identity"
                ].to_pylist()
            )
            for identity in people:
                columns = ["image", "part", "lr_image", "gt_image"]
                for row in read_shard([shard], columns, identity=identity).to_pylist():
                    place = f"{identity}/{row['image']}.png"
                    if row["part"] == "test":
                        yield f"lr/x{scale_factor}/{place}", row["lr_image"]
                    folder_name = "ground_truth" if row["part"] == "test" else "references"
                    if f"{folder_name}/{place}" not in of_all_scales:
                        of_all_scales.add(f"{folder_name}/{place}")
                        yield f"{folder_name}/{place}", row["gt_image"]


def _restored_images(run: Path) -> Iterator[tuple[str, bytes | None, str]]:
    """Yield the images that a run restored: name, PNG or None, and why there is none."""
    columns = ["identity", "image", "sr_image", "problem"]
    for scale_factor, folder in _scale_folders(run / "restored"):
        for path in sorted(folder.glob("*/*.parquet")):
            table = read_table(path, columns)
            for row in table.to_dict("records"):
                name = restored_name(scale_factor, row["identity"], row["image"])
                png = None if row["problem"] else row["sr_image"]
                yield f"restored/{path.parent.name}/{name}", png, row["problem"]


def export_images(run: Path) -> Iterator[tuple[str, bytes | None, str]]:
    """Yield all images of a run's test people: name, PNG or None, and why there is none.

    Args:
        run: Folder of the run's results.
    """
    for name, png in _shard_images(run):
        yield name, png, ""
    yield from _restored_images(run)


def write_export(images: Iterator[tuple[str, bytes | None, str]], folder: Path) -> int:
    """Write images and their list.

    Args:
        images: Of `export_images`.
        folder: New or empty.

    Returns:
        The number of files, without the list.

    Raises:
        IdfsrError: The folder holds something, or there is no image.
    """
    if folder.exists() and any(folder.iterdir()):
        message = f"{folder}: found files, wanted a new or an empty folder"
        raise IdfsrError(message)
    rows = []
    for name, png, problem in images:
        path = folder / name
        if png is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png)
        rows.append((name, "" if png is None else file_digest(path), problem))
    if not rows:
        message = f"{folder}: nothing to write, wanted a run with shards or restored images"
        raise IdfsrError(message)
    write_tsv(pd.DataFrame(rows, columns=list(COLUMNS)), folder / MANIFEST)
    return sum(bool(digest) for _, digest, _ in rows)


def check_export(folder: Path) -> Iterator[str]:
    """Yield a line for each file that is missing, is another one, or is not on the list.

    Raises:
        IdfsrError: The list is missing, is none, or was damaged.
    """
    manifest = folder / MANIFEST
    table = read_tsv(manifest)
    if tuple(table.columns) != COLUMNS:
        message = f"{manifest}: found columns {', '.join(table.columns)}, wanted those of an export"
        raise IdfsrError(message)
    for name, digest, problem in table.itertuples(index=False):
        path = folder / name
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            yield f"{path}: found a name that leads out of the folder, wanted a file in it"
        elif not path.is_file():
            if digest:
                yield f"{path}: no such file, wanted that of {MANIFEST}"
        elif not digest:
            yield f"{path}: found a file, wanted none: {problem}"
        elif file_digest(path) != digest:
            yield f"{path}: found other bytes than {MANIFEST} says: damaged, or changed by hand"
    listed = {*table["file"], MANIFEST, digest_path(manifest).name}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.relative_to(folder).as_posix() not in listed:
            yield f"{path}: found a file that {MANIFEST} does not list"
