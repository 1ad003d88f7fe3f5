"""The image files of a folder of identities' folders; light enough for Snakemake to ask."""

import hashlib
import logging
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from idfsr.errors import IdfsrError

logger = logging.getLogger(__name__)

EXTENSIONS = (".bmp", ".jpeg", ".jpg", ".png", ".webp")
CELEBREF_HQ_DIR = "CelebHQRefForRelease"
"""The single folder that the archive of CelebRef-HQ unpacks to."""


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


def is_image(name: str) -> bool:
    """Return whether a file counts as an image, by its name."""
    return Path(name).suffix.lower() in EXTENSIONS


def find_images(folders: Sequence[Path]) -> list[Path]:
    """Return the files with an image's extension, sorted; count all others in the log."""
    images = []
    others: Counter[str] = Counter()
    for folder in folders:
        entries = _entries(folder)
        found = [path for path in entries if is_image(path.name) and path.is_file()]
        if not found:
            logger.warning("%s: no image, the identity is left out", folder)
        images += found
        taken = set(found)
        others.update(
            "folder" if path.is_dir() else path.suffix.lower() or "no extension"
            for path in entries
            if path not in taken
        )
    for kind, count in sorted(others.items()):
        logger.info("not images by their name, %s: %d", kind, count)
    return images


def listing_digest(root: Path) -> str:
    """Digest the names, sizes and times of the image files: another digest, and the index is due.

    The index reads the contents itself: if the files are what they were, so is its table, and
    nothing that follows runs again.

    Args:
        root: See `find_identities`.

    Raises:
        IdfsrError: See `find_identities`.
    """
    digest = hashlib.sha256()
    for folder in find_identities(root):
        with os.scandir(folder) as entries:
            images = [entry for entry in entries if is_image(entry.name) and entry.is_file()]
        for entry in sorted(images, key=lambda entry: entry.name):
            found = entry.stat()
            digest.update(
                f"{folder.name}/{entry.name}\t{found.st_size}\t{found.st_mtime_ns}\n".encode()
            )
    return digest.hexdigest()[:16]
