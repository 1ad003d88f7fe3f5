"""Parquet tables between the stages."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from idfsr.errors import IdfsrError
from idfsr.io.files import atomic_path


def open_table(path: Path) -> pq.ParquetFile:
    """Open a Parquet file.

    Raises:
        IdfsrError: It is missing or is not a Parquet file.
    """
    try:
        return pq.ParquetFile(path)
    except FileNotFoundError:
        message = f"{path}: no such file, wanted a Parquet table"
        raise IdfsrError(message) from None
    except (pa.ArrowInvalid, OSError) as error:
        message = f"{path}: not a Parquet table: {str(error).splitlines()[0]}"
        raise IdfsrError(message) from None


def read_table(
    path: Path, columns: Sequence[str] | None = None, filters: Any = None
) -> pd.DataFrame:
    """Read a Parquet file.

    Args:
        path: The file.
        columns: Only these, in this order; all if None.
        filters: Rows wanted, as `pyarrow.parquet.read_table` takes them, e.g.
            `[("part", "==", "test")]`; row groups without such rows are not read.

    Raises:
        IdfsrError: The file is missing, is not Parquet, or lacks a column that is asked for.
    """
    with open_table(path) as file:
        found = file.schema_arrow.names
    missing = [name for name in columns or () if name not in found]
    if missing:
        message = f"{path}: found columns {', '.join(found)}, wanted {', '.join(missing)}"
        raise IdfsrError(message)
    wanted = list(columns) if columns is not None else None
    frame: pd.DataFrame = pq.read_table(
        path, columns=wanted, filters=filters, partitioning=None
    ).to_pandas()
    return frame


def write_table(
    frame: pd.DataFrame,
    path: Path,
    schema: pa.Schema | None = None,
    metadata: dict[str, str] | None = None,
) -> None:
    """Write a Parquet file, in full or not at all.

    Args:
        frame: The rows; its index is not kept.
        path: The file to make.
        schema: Columns and types wanted; inferred if None.
        metadata: Kept in the file's footer; see `read_metadata`.
    """
    if schema is not None:
        frame = frame[schema.names]
    table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), **(metadata or {})})
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_metadata(path: Path) -> dict[str, str]:
    """Return what `write_table` was given as metadata.

    Raises:
        IdfsrError: The file is missing or is not Parquet.
    """
    with open_table(path) as file:
        found = file.schema_arrow.metadata or {}
    return {key.decode(): value.decode() for key, value in found.items() if key != b"pandas"}


def read_tsv(path: Path) -> pd.DataFrame:
    """Read a table of tab-separated values; every column is text, as "00001" has to be.

    Raises:
        IdfsrError: The file is missing or is not such a table.
    """
    try:
        return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    except FileNotFoundError:
        message = f"{path}: no such file, wanted a table of tab-separated values"
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        message = f"{path}: not a table of tab-separated values: {error}"
    raise IdfsrError(message)


def write_tsv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table of tab-separated values with a header, in full or not at all."""
    with atomic_path(path) as temporary:
        frame.to_csv(temporary, sep="\t", index=False, lineterminator="\n")
