"""The manifest: a row for every image file of a tree <identity>/<image>.<extension>.

Each file is read once, decoded in full and hashed. An image that cannot be used keeps its row, with
the reason as its status: "<kind>" or "<kind>: <detail>".
"""

import hashlib
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from idfsr.dataset.listing import EXTENSIONS, find_identities, find_images
from idfsr.errors import IdfsrError
from idfsr.io.decoding import UnreadableImageError, decode_image
from idfsr.io.schemas import MANIFEST_SCHEMA, OK, reason_kind

logger = logging.getLogger(__name__)

MIN_SIDE = 16
"""Pixels; images with a shorter side are not searched for a face. `QualityConfig.min_size` is the
bound that a run chooses."""


def inspect_image(path: Path) -> dict[str, Any]:
    """Return sha256, width, height and status of an image file, after a full decoding."""
    row: dict[str, Any] = {"sha256": "", "width": 0, "height": 0}
    try:
        data = path.read_bytes()
    except OSError as error:
        return row | {"status": f"cannot be read: {error.strerror}"}
    row["sha256"] = hashlib.sha256(data).hexdigest()
    try:
        height, width, _ = decode_image(data).shape
    except UnreadableImageError as error:
        return row | {"status": error.reason}
    small = min(height, width) < MIN_SIDE
    status = f"small: {width}x{height} pixels, shorter side below {MIN_SIDE}" if small else OK
    return row | {"width": width, "height": height, "status": status}


def _name_images(paths: Sequence[Path], rows: list[dict[str, Any]]) -> None:
    # 0.png beside 0.jpg would give two rows one key: the later keeps its whole name and is left out
    first: dict[tuple[str, str], Path] = {}
    for path, row in zip(paths, rows, strict=True):
        key = (path.parent.name, path.stem)
        row["identity"], row["image"] = key
        if first.setdefault(key, path) is not path:
            row["image"] = path.name
            row["status"] = f"same name: {first[key].name} is there too"


def _mark_duplicates(rows: list[dict[str, Any]]) -> None:
    first: dict[str, str] = {}
    for row in rows:
        if row["status"] == OK:
            key = f"{row['identity']}/{row['image']}"
            original = first.setdefault(row["sha256"], key)
            if original != key:
                row["status"] = f"duplicate: same bytes as {original}"


def build_manifest(root: Path, num_threads: int) -> pd.DataFrame:
    """Read every image of a tree.

    Args:
        root: See `find_identities`.
        num_threads: Files decoded at a time.

    Returns:
        Columns of `MANIFEST_SCHEMA`, sorted by identity and file name. `path` is relative to
        `root`; width and height are those of the upright image, 0 if it cannot be decoded. Of
        images with the same bytes, in one identity or in two, the first is "ok".

    Raises:
        IdfsrError: There is no such folder, no image in it, none that can be used, or no thread.
    """
    if num_threads < 1:
        message = f"index: found {num_threads} threads, wanted 1 or more"
        raise IdfsrError(message)
    paths = find_images(find_identities(root))
    if not paths:
        message = f"{root}: no image in any identity's folder, wanted {' '.join(EXTENSIONS)}"
        raise IdfsrError(message)
    with ThreadPoolExecutor(num_threads) as pool:
        inspected = pool.map(inspect_image, paths)
        rows = list(tqdm(inspected, total=len(paths), desc="index", unit="image"))
    for path, row in zip(paths, rows, strict=True):
        row["path"] = path.relative_to(root).as_posix()
    _name_images(paths, rows)
    _mark_duplicates(rows)
    manifest = pd.DataFrame(rows, columns=MANIFEST_SCHEMA.names)
    for kind, count in manifest["status"].map(reason_kind).value_counts().items():
        logger.info("%s: %d images", kind, count)
    if not (manifest["status"] == OK).any():
        message = (
            f"{root}: none of {len(paths)} images can be used, "
            f"{manifest['path'][0]}: {manifest['status'][0]}"
        )
        raise IdfsrError(message)
    return manifest
