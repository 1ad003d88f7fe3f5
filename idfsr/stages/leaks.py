r"""Say which judges of a run know what they judge.

Reads settings of the run, what the lists of weights say that networks were trained on and
against, and what the methods say that they take. Makes two tables as CSV: the matrix of networks,
with the methods that each is a part, a condition or a loss of, the metrics that ask it and the data
that it has seen; and the values of the tables that are to be marked. docs/metrics.md says what the
marks mean.

    idfsr leaks --config results/demo/config/leaks.json \
        --judges results/demo/tables/judges.csv --leaks results/demo/tables/leaks.csv
"""

import argparse
import dataclasses
from pathlib import Path

import pandas as pd

from idfsr.config.leaks import LeaksStage
from idfsr.config.metrics import names_of_metrics
from idfsr.config.stage import load_stage
from idfsr.report.tables import write_csv
from idfsr.run.leaks import Leak, Role, find_leaks, list_roles


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--config", type=Path, required=True, help="settings of the stage, JSON")
    add("--judges", type=Path, required=True, help="matrix of networks to write, CSV")
    add("--leaks", type=Path, required=True, help="values to be marked to write, CSV")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    config = load_stage(args.config, LeaksStage)
    names = names_of_metrics(config.metrics)
    tables = (
        (args.judges, Role, list_roles(config, names)),
        (args.leaks, Leak, list(find_leaks(config, names))),
    )
    for path, kind, rows in tables:
        columns = [field.name for field in dataclasses.fields(kind)]
        write_csv(pd.DataFrame([vars(row) for row in rows], columns=columns), path)
