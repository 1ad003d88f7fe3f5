r"""Make Table 1 and Table 2 of a run, with 95 % intervals, and compare the methods in pairs.

Reads the metrics of every method and scale factor. Makes both tables as CSV, with a row for each
method and scale factor, and in the paper's layout as Markdown and LaTeX with footnotes. Seven more
CSV files hold the differences of the fitted model from the other methods, Table 1 by groups of
people, the distances by several recognisers and how far their rankings agree, whether methods copy
their references, the means of the probes (see `idfsr probes`), how each network was trained before
the run, and which weight files it used, with their digests and whether they are those that their
authors published. Groups of rendered people are taken from the renderer's ground truth. A text of a
few lines has Table 1 for the fitted model, the pretrained one and the best other method.

    idfsr tables --config results/demo/config/tables.json \
        --metrics results/demo/metrics/x*/*.parquet \
        --set-metrics results/demo/metrics/x*/*.set.json \
        --probes results/demo/probes/x*.parquet \
        --table1 table1.csv --table2 table2.csv --paired paired.csv --copying copying.csv \
        --recognisers recognisers.csv \
        --conditions conditions.csv \
        --weights idfsr/weights/idfsr64.safetensors --networks networks.csv \
        --files weights/codeformer/codeformer.pth --lists config/weights.yaml \
        --leaks leaks.csv \
        --files-table files.csv --groups groups.csv \
        --ground-truth synthref/ground_truth.parquet --markdown tables.md --latex tables.tex \
        --summary summary.txt
"""

import argparse
from pathlib import Path

import pandas as pd

from idfsr.config.metrics import TablesStage
from idfsr.config.stage import load_stage
from idfsr.io.files import atomic_path
from idfsr.io.published import COLUMNS, list_weights
from idfsr.io.tables import read_table
from idfsr.io.weights_list import read_lists
from idfsr.report.conditions import summarise_probes
from idfsr.report.ending import summarise_table
from idfsr.report.groups import TRUTH_COLUMNS, build_groups
from idfsr.report.networks import list_networks
from idfsr.report.run_tables import make_tables
from idfsr.report.tables import read_csv, read_measurements, write_csv


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--config", type=Path, required=True, help="settings of the stage, JSON")
    parser.add_argument(
        "--metrics", type=Path, nargs="+", required=True, help="tables of single images"
    )
    parser.add_argument(
        "--set-metrics", type=Path, nargs="+", required=True, help="set metrics as JSON"
    )
    parser.add_argument(
        "--probes", type=Path, nargs="*", default=[], help="tables of probes, if there are some"
    )
    parser.add_argument(
        "--weights", type=Path, nargs="*", default=[], help="safetensors of the methods' networks"
    )
    parser.add_argument(
        "--files", type=Path, nargs="*", default=[], help="all weight files of the run"
    )
    parser.add_argument(
        "--lists", type=Path, nargs="*", default=[], help="lists of published weight files"
    )
    parser.add_argument(
        "--leaks", type=Path, required=True, help="values to mark, of `idfsr leaks`"
    )
    parser.add_argument("--files-table", type=Path, required=True, help="files to write, CSV")
    parser.add_argument("--table1", type=Path, required=True, help="Table 1 to write, CSV")
    parser.add_argument("--table2", type=Path, required=True, help="Table 2 to write, CSV")
    parser.add_argument("--paired", type=Path, required=True, help="pairs of methods to write, CSV")
    parser.add_argument("--groups", type=Path, required=True, help="groups to write, CSV")
    parser.add_argument("--ground-truth", type=Path, help="what the renderer knows of its people")
    parser.add_argument("--copying", type=Path, required=True, help="likenesses to write, CSV")
    parser.add_argument("--recognisers", type=Path, required=True, help="rankings to write, CSV")
    parser.add_argument("--conditions", type=Path, required=True, help="probes to write, CSV")
    parser.add_argument("--networks", type=Path, required=True, help="trainings to write, CSV")
    parser.add_argument("--markdown", type=Path, required=True, help="both tables to write")
    parser.add_argument("--latex", type=Path, required=True, help="both tables to write")
    parser.add_argument("--summary", type=Path, required=True, help="Table 1 in short, to write")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    config = load_stage(args.config, TablesStage)
    measurements = read_measurements(args.metrics, args.set_metrics, config.methods)
    networks = list_networks(args.weights)
    files = pd.DataFrame(list_weights(args.files, read_lists(args.lists)), columns=list(COLUMNS))
    tables = make_tables(measurements, networks, config, files, read_csv(args.leaks))
    write_csv(files, args.files_table)
    write_csv(networks, args.networks)
    write_csv(tables.table1, args.table1)
    write_csv(tables.table2, args.table2)
    write_csv(tables.paired, args.paired)
    write_csv(tables.copying, args.copying)
    write_csv(tables.recognisers, args.recognisers)
    write_csv(summarise_probes(args.probes, config.metrics.num_bootstrap), args.conditions)
    truth = read_table(args.ground_truth, TRUTH_COLUMNS) if args.ground_truth else None
    groups = build_groups(measurements.images, truth, config.methods, config.metrics)
    write_csv(groups, args.groups)
    summary = summarise_table(tables.table1, tables.paired, config.metrics.table1)
    texts = {args.markdown: tables.markdown, args.latex: tables.latex, args.summary: summary}
    for path, text in texts.items():
        with atomic_path(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
