r"""Join the scores of all families of one method and scale factor to one table.

Reads the tables of `idfsr scores`. Makes a Parquet table with a row an image, and a JSON file with
the metrics of the whole set, such as the Frechet distance. Which metrics is said by the settings. A
metric whose published weights are not there is named and its column stays empty.

    idfsr join-scores --config results/demo/config/metrics.json --scale-factor 8 \
        --scores results/demo/scores/*/bicubic.parquet \
        --metrics results/demo/metrics/x8/bicubic.parquet \
        --set-metrics results/demo/metrics/x8/bicubic.set.json
"""

import argparse
from pathlib import Path

from idfsr.config.scores import JoinStage
from idfsr.config.stage import load_stage
from idfsr.io.tables import write_table
from idfsr.io.texts import write_json
from idfsr.io.weights_list import weights_folder
from idfsr.metrics.engine.join import join_scores
from idfsr.metrics.engine.registry import drop_missing
from idfsr.metrics.engine.score_table import table_schema


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--config", type=Path, required=True, help="settings of the stage, JSON")
    add("--scores", type=Path, nargs="+", required=True, help="tables of one method's scores")
    add("--weights", type=Path, default=weights_folder(), help="folder of published weights")
    add("--scale-factor", type=int, required=True, help="rows that are wanted")
    add("--metrics", type=Path, required=True, help="Parquet table to write, a row an image")
    add("--set-metrics", type=Path, required=True, help="JSON to write, metrics of the whole set")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    settings = load_stage(args.config, JoinStage)
    wanted = (*settings.table1, *settings.table2, *settings.recognisers)
    names, missing = drop_missing(wanted, args.weights)
    table, facts = join_scores(args.scores, names, missing, args.scale_factor)
    write_table(table, args.metrics, table_schema(table))
    write_json(args.set_metrics, facts)
