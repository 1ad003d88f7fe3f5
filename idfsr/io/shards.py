"""Shards: Parquet files with a row for each target image and all that was prepared for it.

Images are PNG bytes inside the row, so that no stage makes a file for each image.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from idfsr.constants import ID_DIM, NUM_LANDMARKS
from idfsr.errors import IdfsrError
from idfsr.io.seals import parquet_writer
from idfsr.io.tables import open_table, read_metadata

ROWS_PER_GROUP = 32
"""Rows that are read together, some 20 MB at 256 px: one identity is found without the others."""

_POINTS = pa.list_(pa.float32(), 2 * NUM_LANDMARKS)


def shard_schema(id_dim: int) -> pa.Schema:
    """Return the columns of a shard, whose meaning stands in docs/files.md.

    Args:
        id_dim: Length of z_id.
    """
    z_id = pa.list_(pa.float32(), id_dim)
    return pa.schema(
        {
            "identity": pa.string(),
            "image": pa.string(),
            "part": pa.string(),
            "scale_factor": pa.int32(),
            "gt_image": pa.binary(),
            "ref_image": pa.binary(),
            "lr_image": pa.binary(),
            "landmarks": _POINTS,
            "lr_landmarks": _POINTS,
            "lr_detected": pa.bool_(),
            "mask_box": pa.list_(pa.int32(), 4),
            "z_id": z_id,
            "references": pa.list_(
                pa.struct(
                    {
                        "image": pa.string(),
                        "warped_ref": pa.binary(),
                        "affine": pa.list_(pa.float32(), 6),
                        "well_conditioned": pa.bool_(),
                        "z_id": z_id,
                    }
                )
            ),
        }
    )


SHARD_SCHEMA = shard_schema(ID_DIM)
"""With ArcFace's z_id."""


def write_shard(
    rows: Iterable[dict[str, Any]],
    path: Path,
    metadata: dict[str, str],
    id_dim: int = ID_DIM,
) -> int:
    """Write a shard, in full or not at all.

    Args:
        rows: A value for each field of `shard_schema`; arrays are flat. At 256 px a row has about
            0.6 MB; only a row group is held in memory.
        path: The file to make.
        metadata: What the rows share: image_size, scale_factor, digests of the networks.
        id_dim: Length of z_id.

    Returns:
        The number of rows.
    """
    remaining = iter(rows)
    num_rows = 0
    schema = shard_schema(id_dim).with_metadata(metadata)
    with parquet_writer(path, schema, use_dictionary=["identity", "part"]) as writer:
        while group := list(islice(remaining, ROWS_PER_GROUP)):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
            num_rows += len(group)
    return num_rows


def _is_shard(schema: pa.Schema) -> bool:
    if "z_id" not in schema.names or not pa.types.is_fixed_size_list(schema.field("z_id").type):
        return False
    return bool(schema.equals(shard_schema(schema.field("z_id").type.list_size)))


def read_shard(
    paths: Sequence[Path],
    columns: Sequence[str] | None = None,
    part: str | None = None,
    identity: str | None = None,
) -> pa.Table:
    """Read rows of shards; row groups without a wanted row are not read.

    Args:
        paths: The shards, whose rows come in this order.
        columns: Only these; all if None.
        part: Only rows of this part.
        identity: Only rows of this identity.

    Returns:
        The rows, which may be none.

    Raises:
        IdfsrError: A file is missing, is not a shard or was damaged, or there is no file at all.
    """
    if not paths:
        message = "no shard given, wanted at least one Parquet file"
        raise IdfsrError(message)
    wanted = {"part": part, "identity": identity}
    filters = [(name, "==", value) for name, value in wanted.items() if value is not None]
    tables = []
    for path in paths:
        with open_table(path) as file:
            if not _is_shard(file.schema_arrow):
                message = f"{path}: not a shard: columns {', '.join(file.schema_arrow.names)}"
                raise IdfsrError(message)
        table = pq.read_table(
            path,
            columns=list(columns) if columns is not None else None,
            filters=filters or None,
            partitioning=None,
        )
        tables.append(table.replace_schema_metadata(None))
    return pa.concat_tables(tables)


def check_id_encoder(paths: Sequence[Path], wanted: str) -> str:
    """Return the name of the ID encoder that made z_id in shards.

    Args:
        paths: The shards.
        wanted: The name that it must have; empty if any will do.

    Returns:
        The name; `wanted` where the shards have none.

    Raises:
        IdfsrError: They are of several encoders, or of another than is wanted.
    """
    for path in paths:
        found = read_metadata(path).get("id_encoder", "")
        if found and wanted and found != wanted:
            message = f"{path}: found z_id of the encoder {found}, wanted that of {wanted}"
            raise IdfsrError(message)
        wanted = wanted or found
    return wanted


def scale_factor_of(path: Path) -> int:
    """Return the scale factor of a shard.

    Raises:
        IdfsrError: The file is missing or is not a shard.
    """
    found = read_metadata(path).get("scale_factor", "")
    if not found.isdecimal():
        message = f"{path}: not a shard: its metadata has no scale_factor"
        raise IdfsrError(message)
    return int(found)
