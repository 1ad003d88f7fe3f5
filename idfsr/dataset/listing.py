"""The image files of a folder of identities' folders; light enough for Snakemake to ask.

Whatever lies in such a folder is a photograph by its name, which gets a row of the manifest, or is
counted in the log with its kind. Hidden files are passed over.
"""

import csv
import hashlib
import logging
import os
import re
import stat
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from idfsr.errors import IdfsrError
from idfsr.io.digests import file_digest
from idfsr.io.files import atomic_path

logger = logging.getLogger(__name__)

EXTENSIONS = (
    ".avif", ".bmp", ".gif", ".heic", ".heif", ".jfif", ".jpe", ".jpeg", ".jpg", ".mpo", ".png",
    ".tif", ".tiff", ".webp",
)  # fmt: skip
"""Of the formats of `idfsr.io.decoding`."""
PHOTOGRAPH: Final = "photograph"
_KINDS: Final = {
    stat.S_IFDIR: "folder",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}
MAX_NAME_BYTES: Final = 200
"""Of a name: the files of a run add to it, and file systems take 255."""
_NO_NAME: Final = re.compile(r"^-|[<>{}$\\*?]")
"""What command lines, Snakemake or the figures would take for something else."""

COLUMNS = ("path", "size", "mtime_ns", "sha256")
"""Of a listing."""
CELEBREF_HQ_DIR = "CelebHQRefForRelease"
"""The single folder that the archive of CelebRef-HQ unpacks to."""


class Stamp(NamedTuple):
    """What tells at a glance that a file may have changed."""

    size: int
    mtime_ns: int


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        message = f"{folder}: no such folder, wanted one of folders <identity>/<image>.png"
    except NotADirectoryError:
        message = f"{folder}: found a file, wanted a folder of folders <identity>/<image>.png"
    except PermissionError:
        message = f"{folder}: no permission to list it, wanted a readable folder"
    raise IdfsrError(message)


def find_identities(root: Path) -> list[Path]:
    """Return the identities' folders, sorted by name.

    Args:
        root: Their parent, or a folder that holds only `CELEBREF_HQ_DIR`.

    Raises:
        IdfsrError: The folder is missing, empty, or has no folders.
    """
    entries = _entries(root)
    if not entries:
        message = f"{root}: empty folder, wanted folders <identity>/<image>.png"
        raise IdfsrError(message)
    folders = [entry for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
    if [folder.name for folder in folders] == [CELEBREF_HQ_DIR]:
        return find_identities(folders[0])
    if not folders:
        message = f"{root}: found {len(entries)} files but no folder, wanted <identity>/<image>.png"
        raise IdfsrError(message)
    if len(folders) < len(entries):
        logger.info("%s: %d entries that are no identity", root, len(entries) - len(folders))
    return folders


def kind_of(path: Path) -> str:
    """Say what an entry of a folder is: `PHOTOGRAPH` by its name, or else what in a word."""
    if path.name.startswith("."):
        return "hidden"
    try:
        mode = path.stat().st_mode
    except OSError:
        return "broken link"
    if not stat.S_ISREG(mode):
        return _KINDS.get(stat.S_IFMT(mode), "no file")
    suffix = path.suffix.lower()
    return PHOTOGRAPH if suffix in EXTENSIONS else suffix or "no extension"


def readable_name(path: Path, root: Path) -> str:
    """Return the path below a root with `/`, and escapes where it is not UTF-8."""
    return readable(path.relative_to(root).as_posix())


def readable(name: str) -> str:
    """Return a name with escapes where it is not UTF-8."""
    return name.encode("utf-8", "backslashreplace").decode()


def name_problem(path: Path) -> str:
    r"""Say why a photograph cannot be known by the names of its folder and its file; "" if it can.

    The folder is the person, whose name stands in command lines, paths and figures: it must not
    begin with `-` nor have any of < > { } $ \ * ?. Both must be UTF-8 without control characters.
    """
    person = path.parent.name
    for what, name in (("folder", person), ("file", path.name)):
        try:
            num_bytes = len(name.encode())
        except UnicodeEncodeError:
            return f"name: the {what}'s is not UTF-8"
        if not name.isprintable():
            return f"name: the {what}'s has control characters"
        if num_bytes > MAX_NAME_BYTES:
            return f"name: the {what}'s is longer than {MAX_NAME_BYTES} bytes"
    if found := _NO_NAME.search(person):
        return f"name: the folder's has {found[0]!r}, rename it"
    return ""


def find_images(folders: Sequence[Path]) -> list[Path]:
    """Return the photographs by their name, sorted; count all other entries in the log."""
    images = []
    others: Counter[str] = Counter()
    for folder in folders:
        kinds = {path: kind_of(path) for path in _entries(folder)}
        found = [path for path, kind in kinds.items() if kind == PHOTOGRAPH]
        if not found:
            logger.warning("%s: no image, the identity is left out", folder)
        images += found
        others.update(kind for kind in kinds.values() if kind != PHOTOGRAPH)
    for kind, count in sorted(others.items()):
        logger.info("not images by their name, %s: %d", kind, count)
    return images


def _image_files(root: Path) -> dict[str, Path]:
    """Return each image file by its `readable_name`, sorted."""
    return {
        readable_name(path, root): path
        for folder in find_identities(root)
        for path in _entries(folder)
        if kind_of(path) == PHOTOGRAPH
    }


def stamps_of(files: Mapping[str, Path]) -> dict[str, Stamp]:
    """Return size and time of each file."""
    found = {name: path.stat() for name, path in files.items()}
    return {name: Stamp(stat.st_size, stat.st_mtime_ns) for name, stat in found.items()}


def digests_of(files: Mapping[str, Path]) -> dict[str, str]:
    """Return the sha256 of each file, "" of one that cannot be read."""
    return {name: _digest_or_nothing(path) for name, path in files.items()}


def stat_images(root: Path) -> dict[str, Stamp]:
    """Return size and time of each image file, by its `readable_name`, sorted.

    Args:
        root: See `find_identities`.

    Raises:
        IdfsrError: See `find_identities`.
    """
    return stamps_of(_image_files(root))


def write_listing(path: Path, stamps: Mapping[str, Stamp], digests: Mapping[str, str]) -> None:
    """Write down what the image files were when they were read.

    Args:
        path: Of the table of tab-separated values.
        stamps: From `stat_images`, before the files were read.
        digests: The sha256 of each file.
    """
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows([name, *stamps[name], digests[name]] for name in stamps if name in digests)


def _read_listing(path: Path) -> dict[tuple[str, Stamp], str]:
    if not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        return {
            (row["path"], Stamp(int(row["size"]), int(row["mtime_ns"]))): row["sha256"]
            for row in rows
        }
    except (ValueError, KeyError, TypeError) as error:
        logger.warning("%s: not a listing of images: %s: all of them are read", path, error)
        return {}


def contents_digest(root: Path, listing: Path) -> str:
    """Digest the names and the contents of the image files; see `files_digest`.

    Args:
        root: See `find_identities`.
        listing: From `write_listing`; without it, all files are read.

    Raises:
        IdfsrError: See `find_identities`.
    """
    return files_digest(_image_files(root), listing)


def files_digest(files: Mapping[str, Path], listing: Path) -> str:
    """Digest the names and the contents of files.

    Only files are read whose size or time are not those in the listing of the last index: a file
    that was touched or copied and has the same bytes changes nothing.
    """
    known, digest = _read_listing(listing), hashlib.sha256()
    for name, stamp in stamps_of(files).items():
        sha256 = known.get((name, stamp)) or _digest_or_nothing(files[name])
        digest.update(f"{name}\t{sha256}\n".encode())
    return digest.hexdigest()[:16]


def _digest_or_nothing(path: Path) -> str:
    """Return the digest of a file, "" if it cannot be read: the manifest says why."""
    return file_digest(path) if os.access(path, os.R_OK) else ""
