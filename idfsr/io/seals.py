"""Digests inside files of numbers: each writer records one, each reader checks it.

The digest covers the whole file, so that a bit that changed is noticed wherever it stands. Parquet
has checksums of its own, but those of pages leave out their headers and the file's footer, where a
changed bit gave other values. A file is read in full once a process, at some 0.8 GB/s.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from idfsr.errors import DamagedFileError
from idfsr.io.digests import file_digest
from idfsr.io.files import atomic_path

SEAL: Final = "sha256"
"""Name of the digest in a file's metadata."""

NUM_DIGITS: Final = 64
SHIPPED: Final = Path(__file__).parents[1] / "weights" / "SHA256SUMS"
"""Digests of the weight files of the package that were written before there were seals."""

_CHUNK_BYTES = 1 << 20
_ZEROS = b"0" * NUM_DIGITS
_PARQUET_END = b"PAR1"
_PARQUET_SLOT = SEAL.encode() + b"\x18\x40"  # Thrift: the second field, text of 64 bytes
_WEIGHTS_START = b'{"__metadata__":{'
_WEIGHTS_SEAL = re.compile(rb'"sha256":"([0-9a-f]{64})",    ')  # padded: a header has 8 n bytes
_WEIGHTS_SEAL_BYTES = 80


def _add_bytes(digest: Any, file: IO[bytes], start: int, stop: int) -> None:
    file.seek(start)
    while start < stop and (chunk := file.read(min(_CHUNK_BYTES, stop - start))):
        digest.update(chunk)
        start += len(chunk)


def _compare(path: Path, recorded: bytes, found: str) -> str:
    if recorded != found.encode():
        raise DamagedFileError(path, "found bytes that do not give the sha256 recorded in it")
    return found


def _once_a_process(check: Callable[[Path], str]) -> Callable[[Path], str]:
    """Let a check of a file pass again while nobody changes the file."""

    @cache
    def passed(path: Path, _inode: int, _size: int, _mtime_ns: int) -> str:
        return check(path)

    def checked(path: Path) -> str:
        status = path.stat()
        return passed(path, status.st_ino, status.st_size, status.st_mtime_ns)

    return checked


def _read_parquet_seal(file: IO[bytes], path: Path) -> tuple[int, bytes]:
    """Return where in a Parquet file the digits of its digest begin, and the digits."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 8))
    end = file.read()
    if end[4:] != _PARQUET_END:
        raise DamagedFileError(path, "not a Parquet table")
    start = max(0, size - 8 - int.from_bytes(end[:4], "little"))
    file.seek(start)
    footer = file.read(size - 8 - start)
    at = footer.rfind(_PARQUET_SLOT)
    if at < 0:
        raise DamagedFileError(path, "found no sha256 recorded in it")
    at += len(_PARQUET_SLOT)
    return start + at, footer[at : at + NUM_DIGITS]


def _parquet_digest(file: IO[bytes], at: int) -> str:
    """Return the digest of a Parquet file with zeros in the place of its own."""
    digest = hashlib.sha256()
    _add_bytes(digest, file, 0, at)
    digest.update(_ZEROS)
    _add_bytes(digest, file, at + NUM_DIGITS, file.seek(0, os.SEEK_END))
    return digest.hexdigest()


@contextmanager
def parquet_writer(path: Path, schema: pa.Schema, **options: Any) -> Iterator[pq.ParquetWriter]:
    """Write a Parquet file with its digest in the metadata, in full or not at all.

    Args:
        path: The file to make.
        schema: Of the tables that are written, with the metadata.
        options: Of `pyarrow.parquet.ParquetWriter`.
    """
    with atomic_path(path) as temporary:
        with pq.ParquetWriter(temporary, schema, compression="zstd", **options) as writer:
            yield writer
            writer.add_key_value_metadata({SEAL: _ZEROS.decode()})
        with temporary.open("r+b") as file:
            at, _ = _read_parquet_seal(file, path)
            digest = _parquet_digest(file, at)
            file.seek(at)
            file.write(digest.encode())


@_once_a_process
def check_parquet(path: Path) -> str:
    """Compare a Parquet file with its digest, which is returned.

    Raises:
        OSError: It cannot be read.
        DamagedFileError: It has other bytes than were written, or is another file.
    """
    with path.open("rb") as file:
        at, recorded = _read_parquet_seal(file, path)
        return _compare(path, recorded, _parquet_digest(file, at))


def seal_weights(plain: Path, path: Path) -> None:
    """Copy a safetensors file with its digest as the first of its metadata.

    Args:
        plain: To read; it has metadata. Its digest is what is recorded, so that the digest of a
            network does not depend on whether it is recorded.
        path: Written in place.
    """
    digest = file_digest(plain)
    with plain.open("rb") as source, path.open("wb") as target:
        header_bytes = int.from_bytes(source.read(8), "little")
        start = source.read(len(_WEIGHTS_START))
        assert start == _WEIGHTS_START, start
        target.write((header_bytes + _WEIGHTS_SEAL_BYTES).to_bytes(8, "little"))
        target.write(start + f'"{SEAL}":"{digest}",    '.encode())
        shutil.copyfileobj(source, target)


@cache
def shipped_digests() -> frozenset[str]:
    """Return the digests of `SHIPPED`."""
    return frozenset(line.split()[0] for line in SHIPPED.read_text(encoding="utf-8").splitlines())


def _digest_of_unsealed(path: Path) -> str:
    """Return the digest of a shipped file, or of one of other software."""
    found = file_digest(path)
    if found in shipped_digests():
        return found
    with path.open("rb") as file:
        num_bytes = min(int.from_bytes(file.read(8), "little"), path.stat().st_size)
        text = file.read(num_bytes)
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        header = None
    metadata = header.pop("__metadata__", {}) if isinstance(header, dict) else None
    if metadata is None or not all("dtype" in tensor for tensor in header.values()):
        raise DamagedFileError(path, "not a safetensors file")
    if not set(metadata) <= {"format"}:
        raise DamagedFileError(path, "found no sha256 recorded in it")
    return found


@_once_a_process
def check_weights(path: Path) -> str:
    """Compare a safetensors file with its digest, which is returned.

    It is the digest of the file as it was before its digest was put in. A file that records none
    has to be shipped with the package, or to be of other software, which has no metadata but the
    tensors' format.

    Raises:
        OSError: It cannot be read.
        DamagedFileError: It has other bytes than were written, or is another file.
    """
    begin = 8 + len(_WEIGHTS_START)
    with path.open("rb") as file:
        start = file.read(begin + _WEIGHTS_SEAL_BYTES)
        seal = _WEIGHTS_SEAL.fullmatch(start[begin:])
        if seal is None or start[8:begin] != _WEIGHTS_START:
            return _digest_of_unsealed(path)
        header_bytes = int.from_bytes(start[:8], "little") - _WEIGHTS_SEAL_BYTES
        digest = hashlib.sha256(max(0, header_bytes).to_bytes(8, "little") + _WEIGHTS_START)
        _add_bytes(digest, file, begin + _WEIGHTS_SEAL_BYTES, file.seek(0, os.SEEK_END))
    return _compare(path, seal[1], digest.hexdigest())


def append_digest(path: Path) -> None:
    """Add its digest to the end of a zip archive, where readers of zip archives pass it over."""
    digest = file_digest(path)
    with path.open("ab") as file:
        file.write(digest.encode())


def check_appended(path: Path) -> None:
    """Compare a file with the digest at its end.

    Raises:
        OSError: It cannot be read.
        DamagedFileError: It has other bytes than were written, or no digest at its end.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        stop = max(0, file.seek(0, os.SEEK_END) - NUM_DIGITS)
        _add_bytes(digest, file, 0, stop)
        file.seek(stop)
        _compare(path, file.read(), digest.hexdigest())
