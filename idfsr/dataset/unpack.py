"""Unpacking a data set into a tree <identity>/<image>, after which it is one like any other."""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

import pandas as pd
from tqdm import tqdm

from idfsr.config.dataset import DatasetConfig, IndexConfig
from idfsr.dataset import frames, records, references
from idfsr.dataset.items import Item
from idfsr.dataset.listing import name_problem, readable
from idfsr.errors import IdfsrError

COLUMNS: Final = ["identity", "image", "path", "status"]
"""Of the table of what could not be unpacked."""
IMAGES: Final = "images"
"""Folder of the tree."""

Parts = Callable[[DatasetConfig, int], list[Iterator[Item]]]
READ_PARTS: Final[dict[str, Parts]] = {
    "casia_webface": records.read_parts,
    "celebv_text": frames.read_parts,
    "ref_ldm": references.read_parts,
}


def _write_items(folder: Path, items: Iterator[Item]) -> list[dict[str, str]]:
    """Write images; return a row for each that could not be had."""
    left_out = []
    for item in items:
        path = folder / item.identity / item.name
        problem = item.problem or name_problem(path)
        if not problem and os.path.lexists(path):
            problem = "same name: the person has another one"
        if problem:
            row = map(readable, (item.identity, item.name, item.source, problem))
            left_out.append(dict(zip(COLUMNS, row, strict=True)))
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(item.content, Path):
            path.symlink_to(item.content)
        else:
            path.write_bytes(item.content or b"")
    return left_out


def unpack_dataset(
    dataset: DatasetConfig, index: IndexConfig, out_dir: Path, threads: int
) -> pd.DataFrame:
    """Fill `<out_dir>/images`; what it had before is replaced once all is there.

    Args:
        dataset: Of a kind that is unpacked.
        index: How large images may be.
        out_dir: Folder for the tree.
        threads: Parts read at a time.

    Returns:
        The columns `COLUMNS`, a row for each image that could not be had, with the reason.

    Raises:
        IdfsrError: The data set is not there or is something else, or no image can be had.
    """
    parts = READ_PARTS[dataset.kind](dataset, index.max_megapixels * 10**6)
    temporary = out_dir / f".{IMAGES}"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    with ThreadPoolExecutor(threads) as pool:
        written = pool.map(partial(_write_items, temporary), parts)
        rows = [row for some in tqdm(written, total=len(parts), desc="unpack") for row in some]
    if not any(temporary.iterdir()):
        first = f", {rows[0]['path']}: {rows[0]['status']}" if rows else ""
        message = f"{dataset.root}: none of {len(rows)} images can be had{first}"
        raise IdfsrError(message)
    shutil.rmtree(out_dir / IMAGES, ignore_errors=True)
    temporary.rename(out_dir / IMAGES)
    return pd.DataFrame(rows, columns=COLUMNS)
