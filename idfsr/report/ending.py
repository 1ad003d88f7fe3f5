"""Table 1 in short, for a terminal: the fitted model, the pretrained one and the best other."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from idfsr.metrics.engine.registry import find_metrics
from idfsr.report.findings import PRETRAINED, is_ours
from idfsr.report.layout import NOT_COMPUTED, Column, method_label, metric_columns
from idfsr.report.page_tables import ALPHA
from idfsr.report.tables import FITTED, records


def _best_other(column: Column, rows: Mapping[str, dict[str, Any]]) -> str:
    """Return the method of others that is best in a metric; empty if none has it."""
    known = {
        method: float(row[column.key])
        for method, row in rows.items()
        if not is_ours(method) and pd.notna(row[column.key])
    }
    if not known:
        return ""
    return (max if column.direction == "higher" else min)(known, key=lambda method: known[method])


def _lines_of_scale(
    rows: Mapping[str, dict[str, Any]], paired: pd.DataFrame, columns: Sequence[Column]
) -> Iterator[str]:
    alike = {(row["method_b"], row["metric"]) for row in records(paired) if row["p_holm"] >= ALPHA}

    def cell(method: str, column: Column) -> str:
        text = column.text(float(rows[method][column.key])) if method in rows else NOT_COMPUTED
        return f"{text:>9} {'≈' if (method, column.metric) in alike else ' '}"

    for column in columns:
        other = _best_other(column, rows)
        best = f"{cell(other, column)} {method_label(other)}" if other else NOT_COMPUTED
        ours = f"{cell(FITTED, column)}{cell(PRETRAINED, column)}"
        yield f"  {column.heading:38}{ours}{best}".rstrip()


def summarise_table(table1: pd.DataFrame, paired: pd.DataFrame, names: Sequence[str]) -> str:
    """Print what a reader looks for first.

    Args:
        table1: Of `build_table`.
        paired: Of `compare_pairs`.
        names: Metrics of Table 1.

    Returns:
        A line for each metric and scale factor, under headings.
    """
    columns = metric_columns(names)
    lines = []
    for scale_factor in sorted(set(table1["scale_factor"])):
        found = records(table1[table1["scale_factor"] == scale_factor])
        rows = {row["method"]: row for row in found}
        most = max(found, key=lambda row: row["num_images"])
        who = f"{most['num_images']} images of {most['num_identities']} people"
        heads = f"{'IDFSR (FT)':>10}{'(PT)':>10}{'best other':>13}"
        lines.append(f"{f'x{scale_factor}, {who}':40}{heads}")
        of_scale = paired[paired["scale_factor"] == scale_factor]
        lines += _lines_of_scale(rows, of_scale, columns)
    lines.append("  ≈: not distinguishable from IDFSR (FT)")
    untested = [metric.title for metric in find_metrics(names) if metric.kind == "set"]
    if untested:
        lines.append(f"  not tested: {', '.join(untested)}")
    return "\n".join(lines) + "\n"
