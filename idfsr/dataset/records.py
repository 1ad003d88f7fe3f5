"""MXNet's RecordIO, in which insightface packs its data sets: train.rec with train.idx beside it.

The index has a line `key<TAB>offset` for each record. A record is the number 0xced7230a, three bits
of a flag and 29 of a length, and the payload, filled up to four bytes. A payload that has that
number in it is cut there into several records, whose flags say first, middle and last. The payload
is a header (flag, label, two numbers), as many labels as the flag says if it is not 0, and the file
of an image. In insightface's packing record 0 has no image, and its two labels are the first key
after those of images, and the first after those of people.
"""

import math
import mmap
import struct
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from idfsr.config.dataset import DatasetConfig
from idfsr.dataset.items import Item
from idfsr.errors import IdfsrError

EXTENSION: Final = ".rec"
RECORDS_PER_PART: Final = 5000

_MAGIC: Final = 0xCED7230A
_LENGTH_BITS: Final = 29
_FRAME: Final = struct.Struct("<II")
_HEADER: Final = struct.Struct("<IfQQ")
_WHOLE, _FIRST, _MIDDLE, _LAST = range(4)
_PNG: Final = b"\x89PNG"
_UNKNOWN: Final = "unknown"


class BrokenRecordError(Exception):
    """A record that is not what it should be; says why."""


class Record(NamedTuple):
    """The payload of a record.

    Attributes:
        labels: The label of the header, or those that follow it.
        image: Bytes of an image file.
    """

    labels: tuple[float, ...]
    image: bytes


def source_files(dataset: DatasetConfig) -> dict[str, Path]:
    """Return the file of records and its index, by their names."""
    path = Path(dataset.root)
    return {file.name: file for file in (path.with_suffix(".idx"), path)}


def read_index(path: Path) -> dict[int, int]:
    """Return the offset of each record by its key.

    Raises:
        IdfsrError: The file is missing or is no such index.
    """
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError as error:
        message = f"{path}: {(error.strerror or 'cannot be read').lower()}, wanted an index"
        raise IdfsrError(message) from None
    except UnicodeDecodeError:
        lines = [""]
    offsets = {}
    for number, line in enumerate(lines, 1):
        key, _, offset = line.partition("\t")
        if not (key.isdigit() and offset.isdigit()):
            message = f"{path}: found {line[:40]!r} in line {number}, wanted a key, tab and offset"
            raise IdfsrError(message)
        offsets[int(key)] = int(offset)
    if not offsets:
        message = f"{path}: found no record, wanted an index of {EXTENSION}"
        raise IdfsrError(message)
    return offsets


def _read_payload(data: mmap.mmap, offset: int) -> bytes:
    """Put the parts of a record together, with the number between them at which it was cut."""
    parts: list[bytes] = []
    while True:
        if offset + _FRAME.size > len(data):
            message = f"offset {offset} beyond the end of the file"
            raise BrokenRecordError(message)
        magic, word = _FRAME.unpack_from(data, offset)
        flag, length = word >> _LENGTH_BITS, word & ((1 << _LENGTH_BITS) - 1)
        begin = offset + _FRAME.size
        if magic != _MAGIC or flag not in ((_MIDDLE, _LAST) if parts else (_WHOLE, _FIRST)):
            message = f"none at offset {offset}"
            raise BrokenRecordError(message)
        if begin + length > len(data):
            message = f"cut after {len(data) - begin} of {length} bytes"
            raise BrokenRecordError(message)
        parts.append(data[begin : begin + length])
        if flag in (_WHOLE, _LAST):
            return struct.pack("<I", _MAGIC).join(parts)
        offset = begin + length + -length % 4


def read_record(data: mmap.mmap, offset: int) -> Record:
    """Read a record.

    Args:
        data: The file of records.
        offset: Of the record.

    Raises:
        BrokenRecordError: There is none, it is cut, or is too short for its header.
    """
    payload = _read_payload(data, offset)
    begin = _HEADER.size
    if len(payload) < begin:
        message = f"{len(payload)} bytes, fewer than a header has"
        raise BrokenRecordError(message)
    num_labels, label, _, _ = _HEADER.unpack_from(payload)
    labels = (label,)
    if num_labels:
        if len(payload) < begin + 4 * num_labels:
            message = f"{len(payload)} bytes, fewer than {num_labels} labels have"
            raise BrokenRecordError(message)
        labels = struct.unpack_from(f"<{num_labels}f", payload, begin)
        begin += 4 * num_labels
    return Record(labels, payload[begin:])


def _open(path: Path) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
    except ValueError:
        reason = "empty file"
    message = f"{path}: {reason}, wanted records of MXNet"
    raise IdfsrError(message)


def _read_numbers(data: mmap.mmap, offsets: dict[int, int]) -> tuple[range, int]:
    """Return the keys of images and the number of people, as record 0 says.

    Without such a record 0 all records are images, and the number of people is not known.
    """
    first, end = min(offsets), max(offsets) + 1
    try:
        labels, image = read_record(data, offsets[first])
    except BrokenRecordError:
        return range(first, end), 0
    if len(labels) < 2 or image or not all(map(math.isfinite, labels)):  # noqa: PLR2004 - two ends
        return range(first, end), 0
    return range(first + 1, int(labels[0])), max(0, int(labels[1]) - int(labels[0]))


def _image_keys(path: Path) -> tuple[list[int], int]:
    """Return the keys of the records of images, and the number of people, 0 if not known."""
    offsets = read_index(path.with_suffix(".idx"))
    with _open(path) as data:
        keys, num_people = _read_numbers(data, offsets)
    return [key for key in offsets if key in keys], num_people


def count_images(dataset: DatasetConfig) -> tuple[int, int]:
    """Return the number of people, 0 if the file does not say it, and of images."""
    keys, num_people = _image_keys(Path(dataset.root))
    return num_people, len(keys)


def _read_item(path: Path, data: mmap.mmap, key: int, offset: int) -> Item:
    source = f"{path.name}/{key}"
    try:
        labels, image = read_record(data, offset)
    except BrokenRecordError as error:
        return Item(_UNKNOWN, f"{key:07d}", source, None, f"record: {error}")
    if not math.isfinite(labels[0]) or labels[0] < 0:
        problem = f"record: label {labels[0]:g}, wanted the number of a person"
        return Item(_UNKNOWN, f"{key:07d}", source, None, problem)
    ending = "png" if image.startswith(_PNG) else "jpg"
    return Item(f"{labels[0]:05.0f}", f"{key:07d}.{ending}", source, image)


def read_parts(dataset: DatasetConfig, max_pixels: int) -> list[Iterator[Item]]:
    """Return the images of a file of records, in parts that can be read at the same time.

    People are known by their label, images by their key. The bytes are those of the record.

    Args:
        dataset: Its root is the file.
        max_pixels: Is left to the index, which decodes the images.

    Raises:
        IdfsrError: The file or its index is missing or is none.
    """
    del max_pixels
    path = Path(dataset.root)
    offsets, keys = read_index(path.with_suffix(".idx")), iter(_image_keys(path)[0])

    def read_part(part: list[int]) -> Iterator[Item]:
        with _open(path) as data:
            for key in part:
                yield _read_item(path, data, key, offsets[key])

    parts = iter(lambda: list(islice(keys, RECORDS_PER_PART)), [])
    return [read_part(part) for part in parts]
