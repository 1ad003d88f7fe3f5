r"""Make the report of a run: one HTML file with its tables, figures, settings and sources.

Reads the CSV files of `idfsr tables`, the figures of `idfsr figure`, the summary of the split, all
settings of the run, and the paper's numbers. The page needs no other file and no
network.

    idfsr report --run-config results/demo/config/page.json \
        --tables-dir results/demo/tables \
        --figures results/demo/figures/*.png \
        --split-summary results/demo/split_summary.tsv --paper config/paper.tsv \
        --report results/demo/report/index.html
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
        "--figures", type=Path, nargs="+", required=True, help="PNG files in the page's order"
    )
    parser.add_argument("--split-summary", type=Path, required=True, help="counts of the split")
    parser.add_argument("--paper", type=Path, required=True, help="the paper's numbers, TSV")
    parser.add_argument("--report", type=Path, required=True, help="HTML file to write")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    inputs = PageInputs(
        config=load_stage(args.run_config, Config),
        tables_dir=args.tables_dir,
        figures=args.figures,
        split_summary=args.split_summary,
        paper=args.paper,
    )
    page = render_page(inputs)
    with atomic_path(args.report) as path:
        path.write_text(page, encoding="utf-8")
