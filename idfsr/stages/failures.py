r"""Show the worst results of IDFSR by identity, and what may be why.

Reads test shards, restored images and metrics of one scale factor and one method. Makes a PNG with
the ten worst, and beside it an SVG and all images as CSV, the worst first.

    idfsr failures --config figures.json --shards shards/x16/test-*.parquet \
        --restored restored/x16/idfsr-ft/*.parquet --metrics metrics/x16/idfsr-ft.parquet \
        --figure figures/failures.png
"""

import argparse
from pathlib import Path

from idfsr.config.figures import PaperFiguresStage
from idfsr.config.stage import load_stage
from idfsr.constants import OWN_METHODS
from idfsr.io.file_lists import listed_files
from idfsr.report import failures
from idfsr.report.layout import method_label, scale_label
from idfsr.report.measured import read_measured, shown_metric
from idfsr.report.outputs import write_outputs

TITLE = "The worst results by identity"
CAPTION = (
    "The {num} test images of {method} at {scale} whose {title} is the worst, of {all}. Beside "
    "each stand the residual of the warp and how far the pose is from the reference's, as shares "
    "of the distance between the eyes, and how far z_id of the ground truth is from the mean over "
    "the fit images, each with its rank among all images. The last line names the most unusual of "
    "them if it is among the last fifth, or says that no face was found. Rank correlation with the "
    "distance over all images: {causes}."
)


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--config", type=Path, required=True, help="settings of the stage, JSON")
    add("--shards", type=Path, nargs="+", required=True, help="test shards of one scale factor")
    add("--restored", type=Path, nargs="+", required=True, help="images of IDFSR, or lists of them")
    add("--metrics", type=Path, nargs="+", required=True, help="metrics of that method")
    add("--figure", type=Path, required=True, help="PNG file to write; SVG and CSV stand beside it")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    config = load_stage(args.config, PaperFiguresStage)
    method = [name for name in OWN_METHODS if name in config.methods][-1]
    measured = read_measured(args.metrics)
    metric = shown_metric(measured)
    circumstances = failures.read_circumstances(args.shards)
    table = failures.explain_failures(circumstances, measured, metric.name)
    restored = listed_files(args.restored, ".parquet")
    caption = CAPTION.format(
        num=min(len(table), failures.NUM_WORST),
        method=method_label(method),
        scale=scale_label(int(table["scale_factor"].iloc[0])),
        title=metric.title,
        all=len(table),
        causes=failures.describe_causes(table, metric.name),
    )
    figure = failures.draw_failures(table, args.shards, restored, method, metric)
    write_outputs(figure, table, args.figure, TITLE, caption)
