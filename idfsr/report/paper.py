"""The numbers that IDFSR prints in its Tables 1 and 2, for orientation beside ours."""

from pathlib import Path
from typing import Any

import pandas as pd

from idfsr.errors import IdfsrError
from idfsr.report.layout import Column, Layout, lay_out
from idfsr.report.tables import records

COLUMNS = {
    1: (
        Column("psnr", "PSNR", "", "higher", 2),
        Column("ssim", "SSIM", "", "higher", 4),
        Column("lpips", "LPIPS", "", "lower", 4),
        Column("fid", "FID", "", "lower", 2),
        Column("clipiqa", "CLIPIQA", "", "higher", 4),
        Column("musiq", "MUSIQ", "", "higher", 2),
        Column("ids", "IDS", "", "lower", 4),
    ),
    2: (
        Column("idv", "IDV", "share", "higher", 3),
        Column("acc_gender", "Gender", "share", "higher", 3),
        Column("acc_emotion", "Emotion", "share", "higher", 3),
        Column("acc_race", "Race", "share", "higher", 3),
        Column("age_diff", "Age difference", "years", "lower", 1, "age_diff_spread"),
    ),
}
"""Metrics of each of the paper's tables, in its order and with its digits."""


def read_paper(path: Path) -> dict[int, pd.DataFrame]:
    """Read the paper's tables.

    Args:
        path: TSV with the columns table, method, scale_factor, metric, value and spread. Shares
            are from 0 to 1; the spread is the paper's plus-minus, empty where it gives none.

    Returns:
        Number of the table -> a row for each method and scale factor, a column for each metric and
        `<metric>_spread`, in the order of the file.

    Raises:
        IdfsrError: The file is missing or has other columns.
    """
    wanted = ["table", "method", "scale_factor", "metric", "value", "spread"]
    try:
        rows = pd.read_csv(path, sep="\t")
    except FileNotFoundError:
        message = f"{path}: no such file, wanted the paper's numbers, config/paper.tsv"
        raise IdfsrError(message) from None
    if list(rows) != wanted:
        message = f"{path}: found columns {', '.join(map(str, rows))}, wanted {', '.join(wanted)}"
        raise IdfsrError(message)
    tables: dict[int, dict[tuple[str, int], dict[str, Any]]] = {}
    for row in records(rows):
        method, scale_factor = row["method"], row["scale_factor"]
        record = tables.setdefault(row["table"], {}).setdefault(
            (method, scale_factor), {"method": method, "scale_factor": scale_factor}
        )
        record |= {row["metric"]: row["value"], f"{row['metric']}_spread": row["spread"]}
    return {number: pd.DataFrame(list(found.values())) for number, found in tables.items()}


def lay_out_paper(path: Path) -> dict[int, Layout]:
    """Read the paper's tables and bring them into its form."""
    return {number: lay_out(table, COLUMNS[number]) for number, table in read_paper(path).items()}
