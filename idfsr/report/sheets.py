"""The images of the report's viewer: one sheet of tiles for each test image.

A sheet holds everything that is shown of an image, row by row: what went in, each method's result,
the ground truth. One file instead of a dozen keeps a run of hundreds of images light, and an index
beside the sheets says what stands where.
"""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from idfsr.errors import DamagedFileError, IdfsrError
from idfsr.io.digests import file_digest
from idfsr.io.files import atomic_path
from idfsr.io.schemas import KEY
from idfsr.io.shards import read_shard, scale_factor_of
from idfsr.io.tables import read_table
from idfsr.io.texts import read_json, write_json
from idfsr.report.pictures import decode, read_tests, resize_nearest
from idfsr.report.tables import records

INPUT_TILES = ("low-resolution", "reference", "warped-reference")
TRUTH_TILE = "ground-truth"
"""Names of the tiles beside those of the methods."""

NUM_COLUMNS = 4
"""Tiles beside each other: a WebP is at most 16,383 pixels wide."""

INDEX_NAME = "index.json"

MAX_LOSSLESS = 128
"""Tiles up to this side are kept as they are; larger ones lose what no eye sees."""

QUALITY = 92
"""Of larger tiles, from 0 to 100."""

Picture = UInt8[np.ndarray, "S S 3"]


def join_tiles(tiles: Sequence[Picture], num_columns: int) -> UInt8[np.ndarray, "H W 3"]:
    """Put square tiles of one size beside and below each other, row by row; the rest is black."""
    size = len(tiles[0])
    num_rows = -(-len(tiles) // num_columns)
    sheet = np.zeros((num_rows * size, num_columns * size, 3), np.uint8)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, num_columns)
        sheet[row * size :, column * size :][:size, :size] = tile
    return sheet


def write_webp(image: UInt8[np.ndarray, "H W 3"], path: Path, *, lossless: bool) -> str:
    """Write an image in full or not at all, and return the sha256 of the file."""
    data = io.BytesIO()
    Image.fromarray(image).save(data, "WEBP", lossless=lossless, quality=QUALITY, method=4)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data.getvalue())
    return file_digest(path)


def find_people(restored: Sequence[Path]) -> dict[str, list[Path]]:
    """Return the tables of restored images that hold each person."""
    found: dict[str, list[Path]] = {}
    for path in restored:
        for identity in read_table(path, ["identity"])["identity"].unique():
            found.setdefault(identity, []).append(path)
    return found


def _read_results(paths: Sequence[Path], identity: str) -> dict[tuple[str, str], bytes | None]:
    """Read the restored images of a person: (image, method) -> PNG, None where there is none."""
    columns = ["image", "method", "sr_image"]
    frames = [read_table(path, columns, [("identity", "==", identity)]) for path in paths]
    return {
        (row["image"], row["method"]): row["sr_image"] for frame in frames for row in records(frame)
    }


def _tiles(
    row: dict[str, Any],
    references: dict[str, bytes],
    results: dict[tuple[str, str], bytes | None],
    methods: Sequence[str],
) -> tuple[list[Picture], list[str]]:
    """Return the tiles of a test image, and the methods that could not restore it."""
    truth, reference = decode(row["gt_image"]), row["references"][0]
    missing = [method for method in methods if (row["image"], method) not in results]
    if missing:
        name = f"{row['identity']}/{row['image']}"
        message = f"restored images: no {name} of {', '.join(missing)}, wanted it of every method"
        raise IdfsrError(message)
    found = {method: results[row["image"], method] for method in methods}
    blank = np.full_like(truth, 255)
    tiles = [
        resize_nearest(decode(row["lr_image"]), len(truth)),
        resize_nearest(decode(references[reference["image"]]), len(truth)),
        decode(reference["warped_ref"]),
        *(blank if data is None else decode(data) for data in found.values()),
        truth,
    ]
    return tiles, [method for method, data in found.items() if data is None]


def _person_sheets(
    shards: Sequence[Path], identity: str, paths: Sequence[Path], methods: Sequence[str]
) -> Iterator[tuple[dict[str, Any], list[Picture]]]:
    """Yield the index entry and the tiles of each test image of a person, by name."""
    rows = read_shard(shards, identity=identity).to_pylist()
    references = {row["image"]: row["gt_image"] for row in rows if row["part"] == "fit"}
    results = _read_results(paths, identity)
    tests = sorted((row for row in rows if row["part"] == "test"), key=lambda row: row["image"])
    for row in tests:
        tiles, failed = _tiles(row, references, results, methods)
        yield {"identity": identity, "image": row["image"], "failed": failed}, tiles


def write_sheets(
    shards: Sequence[Path], restored: Sequence[Path], methods: Sequence[str], folder: Path
) -> None:
    """Write the sheets of one scale factor and their index.

    Args:
        shards: Test shards.
        restored: Tables of restored images, of all methods and people.
        methods: In the order of their tiles.
        folder: To make.

    Raises:
        IdfsrError: A file is missing, or a method has no row for an image.
    """
    folder.mkdir(parents=True, exist_ok=True)
    keys = read_tests(shards, KEY).to_pandas()
    tables, size = find_people(restored), 0
    entries: list[dict[str, Any]] = []
    for identity in sorted(keys["identity"].unique()):
        for entry, tiles in _person_sheets(shards, identity, tables.get(identity, []), methods):
            size = len(tiles[0])
            name = f"{len(entries):05d}.webp"
            sheet = join_tiles(tiles, NUM_COLUMNS)
            digest = write_webp(sheet, folder / name, lossless=size <= MAX_LOSSLESS)
            entries.append({**entry, "file": name, "sha256": digest})
    facts = {
        "scale_factor": scale_factor_of(shards[0]),
        "size": size,
        "num_columns": NUM_COLUMNS,
        "tiles": [*INPUT_TILES, *methods, TRUTH_TILE],
        "images": entries,
    }
    write_json(folder / INDEX_NAME, facts)


def read_index(folder: Path) -> dict[str, Any]:
    """Read the index of a folder of sheets.

    Raises:
        IdfsrError: It is missing or was damaged.
    """
    return read_json(folder / INDEX_NAME, "the index of the report's images")


def check_file(path: Path, digest: str) -> None:
    """Compare an image with the digest in its index.

    Raises:
        IdfsrError: It is missing or was damaged.
    """
    if not path.is_file():
        message = f"{path}: no such file, wanted the image that its index names"
        raise IdfsrError(message)
    if file_digest(path) != digest:
        raise DamagedFileError(path, "other bytes than its index says")
