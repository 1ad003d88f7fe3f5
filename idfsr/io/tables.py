"""Tables between the stages: Parquet, and tab-separated values for people to read."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from idfsr.errors import IdfsrError
from idfsr.io.schemas import KEY
from idfsr.io.seals import check_parquet, parquet_writer
from idfsr.io.texts import read_text, write_text


def open_table(path: Path) -> pq.ParquetFile:
    """Open a Parquet file that this package wrote.

    Raises:
        IdfsrError: It is missing, is not such a file, or was damaged.
    """
    try:
        check_parquet(path)
        return pq.ParquetFile(path)
    except FileNotFoundError:
        message = f"{path}: no such file, wanted a Parquet table"
    except OSError as error:
        message = f"{path}: cannot be read: {error}, wanted a Parquet table"
    raise IdfsrError(message)


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
        IdfsrError: See `open_table`; or the file lacks a column that is asked for.
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


def check_once(table: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return a table that has a row for each image, once it is known to have no more.

    Raises:
        IdfsrError: An image stands in it twice.
    """
    repeated = table[table.duplicated(KEY)]
    if len(repeated):
        message = f"{source}: {'/'.join(repeated[KEY].iloc[0])} twice, wanted each image once"
        raise IdfsrError(message)
    return table


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
    with parquet_writer(path, table.schema) as writer:
        writer.write_table(table)


def read_metadata(path: Path) -> dict[str, str]:
    """Return what `write_table` was given as metadata.

    Raises:
        IdfsrError: See `open_table`.
    """
    with open_table(path) as file:
        found = file.schema_arrow.metadata or {}
    return {key.decode(): value.decode() for key, value in found.items() if key != b"pandas"}


def read_tsv(path: Path) -> pd.DataFrame:
    """Read a table of tab-separated values; every column is text, as "00001" has to be.

    Raises:
        IdfsrError: The file is missing, is not such a table, or is not what its digest says.
    """
    text = read_text(path, "a table of tab-separated values")
    try:
        return pd.read_csv(io.StringIO(text), sep="\t", dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        message = f"{path}: not a table of tab-separated values: {error}"
        raise IdfsrError(message) from None


def write_tsv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table of tab-separated values with a header; see `write_text`."""
    write_text(path, frame.to_csv(sep="\t", index=False, lineterminator="\n"))
