r"""Draw Fig. 3 of the paper: references that land badly and well, and what is restored with them.

Reads test shards, restored images of IDFSR and metrics of all scale factors. Makes a PNG with the
cases of the largest scale factor and a plot for each, and beside it an SVG and all points as CSV.

    idfsr fig3 --config figures.json --shards shards/x*/test-*.parquet \
        --restored restored/x*/idfsr-ft/*.parquet --metrics metrics/x*/idfsr-*.parquet \
        --figure figures/fig3.png
"""

import argparse
from pathlib import Path

import pandas as pd

from idfsr.config.figures import PaperFiguresStage
from idfsr.config.stage import load_stage
from idfsr.constants import OWN_METHODS
from idfsr.io.file_lists import listed_files
from idfsr.metrics.engine.pairs import sort_by_scale
from idfsr.report import misalignment
from idfsr.report.layout import method_label, scale_label
from idfsr.report.measured import read_measured, shown_metric
from idfsr.report.outputs import write_outputs

TITLE = "Fig. 3: how little the warp matters"
CAPTION = (
    "The test images whose first reference lands worst and best, at {scale}, of each person one: "
    "reference, the same warped onto the target, restored by {method}, ground truth. The number is "
    "the residual: mean distance of the reference's landmarks after the warp from the true ones, "
    "over the distance between the eyes. Below, each point is a test image: its {title} "
    "against the residual, with a straight line fitted and Spearman's rank correlation. "
    "Were results copied from where the reference lands, the lines would be steep."
)


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--config", type=Path, required=True, help="settings of the stage, JSON")
    add("--shards", type=Path, nargs="+", required=True, help="test shards of all scale factors")
    add("--restored", type=Path, nargs="+", required=True, help="images of IDFSR, or lists of them")
    add("--metrics", type=Path, nargs="+", required=True, help="metrics of the methods plotted")
    add("--figure", type=Path, required=True, help="PNG file to write; SVG and CSV stand beside it")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    config = load_stage(args.config, PaperFiguresStage)
    methods = [name for name in OWN_METHODS if name in config.methods]
    scales = sort_by_scale(args.shards, listed_files(args.restored, ".parquet"))
    measured = read_measured(args.metrics)
    metric = shown_metric(measured)
    tables = [
        misalignment.read_residuals(shards, measured, metric.name) for shards, _ in scales.values()
    ]
    scale_factor, (shards, restored) = list(scales.items())[-1]
    cases = misalignment.choose(tables[-1], methods[-1], misalignment.NUM_CASES)
    shown = [misalignment.read_case(shards, restored, methods[-1], case) for case in cases]
    residuals = pd.concat(tables, ignore_index=True)
    write_outputs(
        misalignment.draw_misalignment(shown, scale_factor, residuals, metric, methods),
        residuals,
        args.figure,
        TITLE,
        CAPTION.format(
            scale=scale_label(scale_factor),
            method=method_label(methods[-1]),
            title=metric.title,
        ),
    )
