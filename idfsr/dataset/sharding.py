"""Which images go into which shard; light enough for the workflow to ask when it starts.

An identity never straddles two shards, so the references of a target are in the target's shard.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from idfsr.errors import IdfsrError
from idfsr.io.texts import read_text

ShardPart = Literal["pretrain", "test"]

PARTS: dict[ShardPart, frozenset[str]] = {
    "pretrain": frozenset({"pretrain"}),
    "test": frozenset({"fit", "test"}),
}
"""Parts of the split that the shards of each name hold."""


COLUMNS = ("identity", "image", "part")


def read_split_rows(path: Path) -> list[dict[str, str]]:
    """Read the split: a dictionary with identity, image and part for each row.

    Raises:
        IdfsrError: The file is missing, lacks a column, or is not what its digest says.
    """
    text = read_text(path, "the split")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter="\t"))
    missing = set(COLUMNS) - set(rows[0] if rows else ())
    if missing:
        message = f"{path}: no column {', '.join(sorted(missing))}, wanted the split"
        raise IdfsrError(message)
    return rows


def plan_shards(
    rows: Iterable[Mapping[str, str]], part: ShardPart, rows_per_shard: int
) -> list[list[tuple[str, str]]]:
    """Deal the images of a part into shards, whole identities at a time.

    Args:
        rows: Of the split, with identity, image and part; in any order.
        part: "test" takes the fit images along with the test images.
        rows_per_shard: A shard is closed before it would exceed this; an identity that has more
            makes a shard of its own.

    Returns:
        Identity and image of each row of each shard, sorted. No rows, no shard.
    """
    identities: dict[str, list[tuple[str, str]]] = {}
    keys = sorted((row["identity"], row["image"]) for row in rows if row["part"] in PARTS[part])
    for key in keys:
        identities.setdefault(key[0], []).append(key)
    shards: list[list[tuple[str, str]]] = []
    for group in identities.values():
        if not shards or len(shards[-1]) + len(group) > rows_per_shard:
            shards.append([])
        shards[-1].extend(group)
    return shards
