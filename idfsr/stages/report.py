r"""Make the report of a run: an HTML page with its tables, images, people, settings and sources.

Reads the CSV files of `idfsr tables`, the metrics of single images, the figures of `idfsr figure`,
what `idfsr gather` made, the split, all settings of the run, and the paper's numbers. The page
needs no network, and no other file unless a run has so many images that they stay in the folders of
`idfsr gather`.

    idfsr report --run-config results/demo/config/page.json \
        --tables-dir results/demo/tables --metrics results/demo/metrics/x*/*.parquet \
        --figures results/demo/figures/*.png \
        --faces results/demo/report/faces/x* --people results/demo/report/people \
        --facts results/demo/report/facts.json \
        --split results/demo/split.tsv --split-summary results/demo/split_summary.tsv \
        --paper config/paper.tsv --report results/demo/report/index.html
"""

import argparse
from pathlib import Path

from idfsr.config.stage import load_stage
from idfsr.io.files import atomic_path
from idfsr.report.page import PageInputs, render_page
from idfsr.run.config import Config


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "--run-config", type=Path, required=True, help="all settings of the run, JSON"
    )
    parser.add_argument("--tables-dir", type=Path, required=True, help="folder of the CSV files")
    parser.add_argument(
        "--metrics", type=Path, nargs="+", required=True, help="tables of single images"
    )
    parser.add_argument(
        "--figures", type=Path, nargs="+", required=True, help="PNG files in the page's order"
    )
    parser.add_argument(
        "--faces", type=Path, nargs="+", required=True, help="a folder of sheets for each scale"
    )
    parser.add_argument("--people", type=Path, required=True, help="folder of the photographs")
    parser.add_argument("--facts", type=Path, required=True, help="when and on what, JSON")
    parser.add_argument("--split", type=Path, required=True, help="the part of each image")
    parser.add_argument("--split-summary", type=Path, required=True, help="counts of the split")
    parser.add_argument("--paper", type=Path, required=True, help="the paper's numbers, TSV")
    parser.add_argument("--report", type=Path, required=True, help="HTML file to write")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    inputs = PageInputs(
        config=load_stage(args.run_config, Config),
        tables_dir=args.tables_dir,
        metrics=args.metrics,
        figures=args.figures,
        faces=args.faces,
        people=args.people,
        facts=args.facts,
        split=args.split,
        split_summary=args.split_summary,
        paper=args.paper,
    )
    page = render_page(inputs, args.report)
    with atomic_path(args.report) as path:
        path.write_text(page, encoding="utf-8")
