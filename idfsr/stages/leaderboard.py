"""Put several finished runs on one page, also of different data sets.

Run it in the folder in which Snakemake runs. Runs that were asked the same, the same photographs
prepared and measured alike, stand in one table; others in tables of their own. The page needs no
network, and links to the runs' own reports.

    idfsr leaderboard demo celebref-hq
    idfsr leaderboard demo demo-seed-7 --out results/seeds.html
"""

import argparse
from pathlib import Path

from idfsr.io.files import atomic_path
from idfsr.report.leaderboard import render_leaderboard


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("names", metavar="run", nargs="+", help="names of runs, as in results/<run>")
    add("--out", type=Path, default=Path("results/leaderboard.html"), help="page to write")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    names = dict.fromkeys(args.names)
    page = render_leaderboard([Path("results", name) for name in names], args.out)
    with atomic_path(args.out) as path:
        path.write_text(page, encoding="utf-8")
    print(f"{args.out}: {len(names)} runs")
