"""All tables of a run at once: the numbers, and the same in print."""

from dataclasses import dataclass

import pandas as pd

from idfsr.config.metrics import MetricsConfig, TablesStage
from idfsr.report.copying import measure_copying
from idfsr.report.footnotes import write_footnotes
from idfsr.report.layout import lay_out, metric_columns
from idfsr.report.leaks import Marks, add_marks, marks_of
from idfsr.report.markup import PrintedTable, to_latex, to_markdown
from idfsr.report.networks import describe_files
from idfsr.report.recognisers import compare_recognisers
from idfsr.report.tables import Measurements, build_table, compare_pairs

CAPTION1 = "Fidelity, perceptual quality and identity of the restored images."
CAPTION2 = "Identity verification and consistency of attributes."


@dataclass(frozen=True)
class RunTables:
    """Tables of a run."""

    table1: pd.DataFrame
    table2: pd.DataFrame
    paired: pd.DataFrame
    copying: pd.DataFrame
    recognisers: pd.DataFrame
    markdown: str
    latex: str


def print_tables(
    table1: pd.DataFrame, table2: pd.DataFrame, config: MetricsConfig, marks: Marks
) -> tuple[PrintedTable, PrintedTable]:
    """Bring both tables into the paper's form."""
    return (
        PrintedTable("Table 1", CAPTION1, lay_out(table1, metric_columns(config.table1), marks)),
        PrintedTable("Table 2", CAPTION2, lay_out(table2, metric_columns(config.table2), marks)),
    )


def make_tables(
    measurements: Measurements,
    networks: pd.DataFrame,
    config: TablesStage,
    files: pd.DataFrame,
    leaks: pd.DataFrame,
) -> RunTables:
    """Aggregate the metrics of a run.

    Args:
        measurements: Of every method and scale factor.
        networks: Of `list_networks`.
        config: With the sections of the stage "tables".
        files: Of `list_weights`.
        leaks: Of `idfsr leaks`.

    Raises:
        IdfsrError: See `build_table`.
    """
    metrics, methods = config.metrics, config.methods
    table1 = build_table(measurements, metrics.table1, methods, metrics.num_bootstrap)
    table2 = build_table(measurements, metrics.table2, methods, metrics.num_bootstrap)
    paired = compare_pairs(
        measurements, [*metrics.table1, *metrics.table2], methods, metrics.num_bootstrap
    )
    distances = metrics.recognisers
    copying = measure_copying(measurements, distances, methods, metrics.num_bootstrap)
    marks = marks_of(leaks)
    printed = print_tables(table1, table2, metrics, marks)
    footnotes = [
        *describe_files(files), *write_footnotes(table1, table2, networks, metrics, marks)
    ]  # fmt: skip
    return RunTables(
        add_marks(table1, metrics.table1, marks),
        add_marks(table2, metrics.table2, marks),
        paired,
        copying,
        compare_recognisers(measurements, distances, methods),
        to_markdown(printed, footnotes),
        to_latex(printed, footnotes),
    )
