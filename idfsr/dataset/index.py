"""The manifest: a row for every image file of a tree <identity>/<image>.<extension>.

Each file is read once, in full, and hashed. An image that cannot be used keeps its row, with
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

from idfsr.config.dataset import IndexConfig
from idfsr.dataset.copies import find_copies, photograph_hash
from idfsr.dataset.listing import (
    EXTENSIONS,
    find_identities,
    find_images,
    name_problem,
    readable_name,
)
from idfsr.errors import IdfsrError
from idfsr.io.decoding import UnreadableImageError, decode_copy
from idfsr.io.schemas import MANIFEST_SCHEMA, OK, reason_kind

logger = logging.getLogger(__name__)

DEFAULTS = IndexConfig()
MIN_SIDE = 16
"""Pixels; images with a shorter side are not searched for a face. `QualityConfig.min_size` is the
bound that a run chooses."""
_COPY_SIDE = 64
"""Pixels of the longer side that the perceptual hash wants at least."""


def inspect_image(path: Path, max_pixels: int) -> dict[str, Any]:
    """Return sha256, width, height, hash and status of an image file, all of which is read."""
    row: dict[str, Any] = {"sha256": "", "width": 0, "height": 0}
    if problem := name_problem(path):
        return row | {"status": problem}
    try:
        data = path.read_bytes()
    except OSError as error:
        return row | {"status": f"cannot be read: {error.strerror}"}
    row["sha256"] = hashlib.sha256(data).hexdigest()
    try:
        image, height, width = decode_copy(data, _COPY_SIDE, max_pixels=max_pixels)
    except UnreadableImageError as error:
        return row | {"status": error.reason}
    small = min(height, width) < MIN_SIDE
    status = f"small: {width}x{height} pixels, shorter side below {MIN_SIDE}" if small else OK
    size = {"width": width, "height": height}
    return row | size | {"hash": photograph_hash(image), "status": status}


def _name_images(paths: Sequence[Path], rows: list[dict[str, Any]], root: Path) -> None:
    """Give each row its key. Of 0.png beside 0.jpg the first that is good is called 0."""
    names = [readable_name(path, root).split("/")[-2:] for path in paths]
    first: dict[tuple[str, str], Path] = {}
    for good in (True, False):
        for path, row in zip(paths, rows, strict=True):
            if (row["status"] == OK) == good:
                first.setdefault((path.parent.name, path.stem), path)
    taken = set(first)
    for path, row, (identity, whole_name) in zip(paths, rows, names, strict=True):
        taker = first[path.parent.name, path.stem]
        if taker is path and not row["status"].startswith("name: "):
            image = path.stem
        else:
            image = whole_name
            while (identity, image) in taken:
                image += "~"
            taken.add((identity, image))
        row |= {"path": readable_name(path, root), "identity": identity, "image": image}
        if taker is not path and row["status"] == OK:
            row["status"] = f"same name: {taker.name} is there too"


def _mark_duplicates(rows: list[dict[str, Any]]) -> None:
    first: dict[str, str] = {}
    for row in rows:
        if row["status"] == OK:
            key = f"{row['identity']}/{row['image']}"
            original = first.setdefault(row["sha256"], key)
            if original != key:
                row["status"] = f"duplicate: same bytes as {original}"


def _mark_copies(rows: list[dict[str, Any]], max_distance: int) -> None:
    people: dict[str, list[tuple[str, int]]] = {}
    for row in rows:
        if row["status"] == OK:
            people.setdefault(row["identity"], []).append((row["image"], row["hash"]))
    copies = {identity: find_copies(hashes, max_distance) for identity, hashes in people.items()}
    for row in rows:
        row["copy_of"] = copies.get(row["identity"], {}).get(row["image"], "")
        row.pop("hash", None)
    if found := sum(map(len, copies.values())):
        logger.warning("%d photographs are copies of another one of the same person", found)


def build_manifest(
    root: Path,
    num_threads: int,
    config: IndexConfig = DEFAULTS,
    left_out: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Read every image of a tree.

    Args:
        root: See `find_identities`.
        num_threads: Files decoded at a time.
        config: How large images may be, and what counts as a copy.
        left_out: What `idfsr unpack` could not take out of the data set: more rows.

    Returns:
        Columns of `MANIFEST_SCHEMA`, sorted by identity and file name, then those left out. `path`
        is relative to `root`; width and height are those of the upright image, 0 if it cannot be
        decoded. Of images with the same bytes, in one identity or in two, the first is "ok".

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
        inspected = pool.map(inspect_image, paths, [config.max_megapixels * 10**6] * len(paths))
        rows = list(tqdm(inspected, total=len(paths), desc="index", unit="image"))
    _name_images(paths, rows, root)
    _mark_duplicates(rows)
    _mark_copies(rows, config.max_copy_distance)
    manifest = pd.DataFrame(rows, columns=MANIFEST_SCHEMA.names)
    if left_out is not None:
        others = left_out.assign(sha256="", width=0, height=0, copy_of="")
        manifest = pd.concat([manifest, others[manifest.columns]], ignore_index=True)
    for kind, count in manifest["status"].map(reason_kind).value_counts().items():
        logger.info("%s: %d images", kind, count)
    if not (manifest["status"] == OK).any():
        message = (
            f"{root}: none of {len(paths)} images can be used, "
            f"{manifest['path'][0]}: {manifest['status'][0]}"
        )
        raise IdfsrError(message)
    return manifest
