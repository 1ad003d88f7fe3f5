r"""Draw Fig. 7 of the paper: how many photographs of a person the fit needs.

Reads the scores of images that were restored with z_id of a few photographs, and the metrics of the
pretrained network, which sees one. Makes a PNG, and beside it an SVG and the means with their
intervals as CSV.

    idfsr fig7 --scores counts/*/*/*.parquet --metrics metrics/x16/idfsr-pt.parquet \
        --figure figures/fig7.png
"""

import argparse
from pathlib import Path

import pandas as pd

from idfsr.report import photographs
from idfsr.report.layout import scale_label
from idfsr.report.outputs import write_outputs

TITLE = "Fig. 7: how many photographs a fit needs"
CAPTION = (
    "Images of {people} people with {most} fit images or more, at {scale}, restored with z_id of "
    "the first few of them: fitted (FT), and their mean without a fit. PT takes z_id of one "
    "reference. The style is of the same reference everywhere. Each score is the mean of some "
    "metrics: {metrics}; 0 is the worst mean of all curves and 1 the best. Bands are 95 % "
    "intervals over people. {knee}"
)


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--scores", type=Path, nargs="+", required=True, help="<number>/<family>/<method>.parquet")
    add("--metrics", type=Path, nargs="*", default=[], help="metrics of the pretrained network")
    add("--figure", type=Path, required=True, help="PNG file to write; SVG and CSV stand beside it")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    table = photographs.read_scores(args.scores)
    people = sorted(set(table["identity"]))
    if args.metrics:
        baseline = photographs.read_baseline(args.metrics, people)
        table = pd.concat([table, baseline], ignore_index=True)
    metrics = photographs.choose_metrics(table)
    summary = photographs.summarise(photographs.normalise(table, metrics), table, metrics)
    write_outputs(
        photographs.draw_curves(summary),
        summary,
        args.figure,
        TITLE,
        CAPTION.format(
            people=len(people),
            most=int(table["num_photographs"].max()),
            scale=scale_label(int(table["scale_factor"].iloc[0])),
            metrics="; ".join(f"{group} {', '.join(names)}" for group, names in metrics.items()),
            knee=photographs.describe_knee(summary, "idfsr-ft"),
        ),
    )
