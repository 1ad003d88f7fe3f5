"""The table of scores of one family and method: a row for each image and scale factor."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from idfsr.errors import IdfsrError
from idfsr.io.schemas import KEY
from idfsr.io.tables import read_metadata, read_table, write_table
from idfsr.metrics.engine.metric import Columns

SHARED: Final = (*KEY, "method", "scale_factor", "model_digest")
"""Columns beside those of the family; the same in the tables of all families."""


def make_scores(rows: pd.DataFrame, columns: Columns, of_the_set: dict[str, float]) -> pd.DataFrame:
    """Make the rows of one scale factor.

    Args:
        rows: Of `idfsr.metrics.engine.pairs.read_pairs`.
        columns: Of the family.
        of_the_set: Metrics of the set; each row repeats them.
    """
    shared = rows[list(SHARED)].reset_index(drop=True)
    return shared.assign(**columns, **{name: np.float64(of_the_set[name]) for name in of_the_set})


def empty_scores(columns: Sequence[str]) -> pd.DataFrame:
    """Make the table of a method that restored no image at all.

    Args:
        columns: Of the family.
    """
    table = pd.DataFrame({name: pd.Series(dtype=object) for name in SHARED})
    return table.assign(**{name: pd.Series(dtype=np.float64) for name in columns})


def write_scores(
    tables: Sequence[pd.DataFrame], path: Path, unrestored: Mapping[str, str] | None = None
) -> None:
    """Write the rows of all scale factors.

    Args:
        tables: Of those at which an image was restored.
        path: To write.
        unrestored: The other scale factors: "x8" -> why no image was restored; and the method.
    """
    table = pd.concat(tables, ignore_index=True)
    write_table(table, path, table_schema(table), dict(unrestored or {}))


def read_scores(path: Path, scale_factor: int) -> pd.DataFrame:
    """Read the rows of one scale factor, none if the method restored no image there.

    Raises:
        IdfsrError: The file is missing, is no table of scores, or has no row of that scale factor.
    """
    table = read_table(path)
    lacking = [name for name in SHARED if name not in table]
    if lacking:
        message = f"{path}: found columns {', '.join(table.columns)}, wanted {', '.join(lacking)}"
        raise IdfsrError(message)
    rows = table[table["scale_factor"] == scale_factor]
    if rows.empty and f"x{scale_factor}" not in read_metadata(path):
        found = ", ".join(map(str, sorted(set(table["scale_factor"])))) or "none"
        message = f"{path}: found scale factors {found}, wanted {scale_factor}"
        raise IdfsrError(message)
    return rows.reset_index(drop=True)


def table_schema(table: pd.DataFrame) -> pa.Schema:
    """Return the types of the columns: int32 for the scale factor, float64, else text."""

    def column_type(name: str) -> pa.DataType:
        if name == "scale_factor":
            return pa.int32()
        return pa.float64() if pd.api.types.is_float_dtype(table[name]) else pa.string()

    return pa.schema([(name, column_type(name)) for name in table.columns])
