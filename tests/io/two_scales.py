"""Rows of shards at two scale factors, for the tests of what reads them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from idfsr.io.degradation import upsample
from idfsr.io.images import decode_png
from idfsr.io.shards import write_shard
from idfsr.io.tensors import to_network

Row = Callable[..., dict[str, Any]]
Rows = dict[str, dict[str, Any]]


def make_rows(shard_row: Row) -> Rows:
    """Make rows of two people at x8 and x16, by their keys."""
    return {
        f"{identity}/{image}/x{scale}": shard_row(identity, image, scale_factor=scale)
        for scale in (8, 16)
        for identity, image in (("1", "0"), ("1", "2"), ("2", "0"), ("2", "1"), ("2", "7"))
    }


def write_shards(folder: Path, rows: Rows) -> list[Path]:
    """Write a shard for each scale factor."""
    for scale in (8, 16):
        chosen = [row for row in rows.values() if row["scale_factor"] == scale]
        write_shard(chosen, folder / f"x{scale}.parquet", {})
    return [folder / "x8.parquet", folder / "x16.parquet"]


def masked(row: dict[str, Any]) -> torch.Tensor:
    """Return the enlarged low-resolution image of a row with the face's box filled."""
    image = to_network(upsample(decode_png(row["lr_image"]), 64))[0]
    image[:, 8:48, 16:40] = 0
    return image
