"""Several runs on one page: tables of their methods, one for each set of test images.

Runs stand in one table only where they were asked the same: the same photographs in the same parts,
prepared alike, and the same settings of the metrics. Best and second best are of that table.
"""

import dataclasses
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from idfsr.config.metrics import MetricsConfig
from idfsr.config.stage import load_stage
from idfsr.errors import IdfsrError
from idfsr.io.tables import read_table, read_tsv
from idfsr.report.findings import Finding, find_headline
from idfsr.report.footnotes import describe
from idfsr.report.layout import method_colours, method_label, scale_label
from idfsr.report.leaks import marks_of
from idfsr.report.page import (
    lay_out_tables,
    make_environment,
    read_facts,
    read_part,
    script_digest,
)
from idfsr.report.page_tables import NumberTable, RunNumbers
from idfsr.report.tables import read_csv
from idfsr.run.config import Config

TABLES = ("table1", "table2", "paired")
_PAPER = pd.DataFrame(columns=["method", "scale_factor"])


@dataclass(frozen=True)
class Run:
    """A finished run."""

    config: Config
    numbers: RunNumbers
    facts: dict[str, Any]
    task: str
    """Digest of what it was asked."""
    findings: list[Finding]
    report: str
    """Its page, as seen from the leaderboard."""

    @property
    def num_images(self) -> int:
        """Of the test."""
        return int(self.numbers.table1["num_images"].max())

    @property
    def num_identities(self) -> int:
        """Of the test."""
        return int(self.numbers.table1["num_identities"].max())


@dataclass(frozen=True)
class Group:
    """Runs that may stand in one table."""

    title: str
    runs: list[Run]
    tables: list[tuple[str, list[NumberTable]]]
    notes: list[str]


def _task_digest(results: Path, config: Config) -> str:
    """Digest what a run was asked: who is tested with which photographs, and how it is measured."""
    split = read_tsv(results / "split.tsv")
    manifest = read_table(results / "manifest.parquet", ["identity", "image", "sha256"])
    used = split[split["part"].isin(["fit", "test"])].merge(manifest, on=["identity", "image"])
    rows = used[["identity", "image", "part", "sha256"]].sort_values(["identity", "image"])
    values = {
        "rows": rows.to_numpy().tolist(),
        "shards": TypeAdapter(type(config.shards)).dump_python(config.shards, mode="json"),
        "landmarks": TypeAdapter(type(config.landmarks)).dump_python(config.landmarks, mode="json"),
        "idv_threshold": config.metrics.idv_threshold,
        "enforce_detection": config.metrics.enforce_detection,
        "engine": config.metrics.engine,
    }
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def read_run(results: Path, page: Path) -> Run:
    """Read a finished run.

    Args:
        results: Its folder.
        page: Where the leaderboard will stand.

    Raises:
        IdfsrError: A file is missing or is not what it should be.
    """
    if not (results / "report/facts.json").is_file():
        message = f"{results}: found no report, wanted the name of a finished run"
        raise IdfsrError(message)
    config = load_stage(results / "config/page.json", Config)
    table1, table2, paired = (read_csv(results / f"tables/{name}.csv") for name in TABLES)
    marks = marks_of(read_csv(results / "tables/leaks.csv"))
    numbers = RunNumbers(table1, table2, paired, {1: _PAPER, 2: _PAPER}, config.metrics, marks)
    return Run(
        config=config,
        numbers=numbers,
        facts=read_facts(results / "report/facts.json"),
        task=_task_digest(results, config),
        findings=find_headline(numbers),
        report=Path(os.path.relpath(results / "report/index.html", page.parent)).as_posix(),
    )


def _join(runs: Sequence[Run], name: str) -> pd.DataFrame:
    """Put the tables of some runs one below the other; a method says of which run it is."""
    tables = []
    for run in runs:
        table: pd.DataFrame = getattr(run.numbers, name)
        tables.append(table.assign(method=run.config.run + "/" + table["method"]))
    return pd.concat(tables, ignore_index=True)


def _metrics_of(runs: Sequence[Run]) -> MetricsConfig:
    """Return the settings with the metrics of all runs, in the order in which they come."""

    def union(name: str) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys(one for run in runs for one in getattr(run.config.metrics, name))
        )

    return dataclasses.replace(
        runs[0].config.metrics, table1=union("table1"), table2=union("table2")
    )


def _with_names(table: NumberTable, number: int, colours: dict[str, str]) -> NumberTable:
    """Call the methods of a joined table as they are called, and the runs beside them."""
    rows = []
    for row in table.rows:
        run, _, method = row.method.partition("/")
        label = f"{method_label(method)}, {run}"
        rows.append(dataclasses.replace(row, method=method, label=label, colour=colours[method]))
    return dataclasses.replace(table, anchor=f"group{number}-{table.anchor}", rows=rows)


def _group(number: int, runs: list[Run]) -> Group:
    config = _metrics_of(runs)
    empty = runs[0].numbers.paired.iloc[:0]
    papers = {1: _PAPER, 2: _PAPER}
    marks = {
        (f"{run.config.run}/{method}", metric): text
        for run in runs
        for (method, metric), text in run.numbers.marks.items()
    }
    joined = RunNumbers(_join(runs, "table1"), _join(runs, "table2"), empty, papers, config, marks)
    colours = method_colours([method for run in runs for method in run.numbers.methods])
    first = runs[0]
    people = "rendered people" if first.config.dataset.kind == "synthref" else "people"
    return Group(
        title=f"{first.num_images} images of {first.num_identities} {people}",
        runs=runs,
        tables=[
            (scale, [_with_names(table, number, colours) for table in tables])
            for scale, tables in lay_out_tables(joined)
        ],
        notes=describe([*config.table1, *config.table2], config),
    )


def render_leaderboard(folders: Sequence[Path], page: Path) -> str:
    """Render the page of several runs.

    Args:
        folders: Of the runs' results.
        page: Where it will stand.

    Raises:
        IdfsrError: See `read_run`.
    """
    runs = [read_run(folder, page) for folder in folders]
    tasks: dict[str, list[Run]] = {}
    for run in runs:
        tasks.setdefault(run.task, []).append(run)
    script = read_part("tables.js")
    return (
        make_environment()
        .get_template("leaderboard.html.j2")
        .render(
            style=read_part("page.css"),
            script=script,
            script_digest=script_digest(script),
            runs=runs,
            groups=[_group(number, found) for number, found in enumerate(tasks.values(), 1)],
            scale_label=scale_label,
        )
    )
