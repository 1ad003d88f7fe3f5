r"""Draw one figure of a run as PNG. Its title and caption are stored in the file.

Each kind of figure reads the files it shows; `idfsr figure <kind> --help` lists them.

    idfsr figure grid --config results/demo/config/report.json \
        --shards results/demo/shards/x16/test-*.parquet \
        --restored results/demo/restored/x16/*/*.parquet \
        --metrics results/demo/metrics/x16/*.parquet --figure results/demo/figures/grid-x16.png
    idfsr figure fit-curves --stats results/demo/fit/x*/*/stats.jsonl --figure fit-curves.png
"""

import argparse
from pathlib import Path

from idfsr.config.metrics import TablesStage
from idfsr.config.report import FiguresStage
from idfsr.config.stage import load_stage
from idfsr.io.file_lists import listed_files
from idfsr.io.shards import read_shard
from idfsr.io.tables import read_table
from idfsr.report import curves, detection, grid, metric_plots, warping
from idfsr.report.layout import metric_columns
from idfsr.report.leaks import describe_leaks, marks_of
from idfsr.report.style import write_figure
from idfsr.report.tables import read_csv


def draw_grid(args: argparse.Namespace) -> None:
    """Show restored images of one scale factor beside input, reference and ground truth."""
    config = load_stage(args.config, FiguresStage)
    restored = listed_files(args.restored, ".parquet")
    examples = grid.read_examples(
        args.shards, restored, args.metrics, config.methods, config.report.num_examples
    )
    scale_factor = len(examples[0].gt_image) // len(examples[0].lr_image)
    figure = grid.draw_grid(examples, config.methods)
    write_figure(figure, args.figure, *grid.describe_grid(scale_factor, examples))


def draw_warping(args: argparse.Namespace) -> None:
    """Show the best and the worst warped references of one scale factor."""
    cases = warping.read_cases(
        args.shards, load_stage(args.config, FiguresStage).report.num_examples
    )
    scale_factor = read_shard(args.shards, ["scale_factor"])["scale_factor"][0].as_py()
    write_figure(warping.draw_cases(cases), args.figure, *warping.describe_cases(scale_factor))


def draw_fit_curves(args: argparse.Namespace) -> None:
    """Show the held-out loss of every fit."""
    figure = curves.draw_fit_curves(curves.read_held_out(listed_files(args.stats, ".jsonl")))
    write_figure(figure, args.figure, curves.FIT_TITLE, curves.FIT_CAPTION)


def draw_pretrain_curve(args: argparse.Namespace) -> None:
    """Show the loss of the pretraining."""
    figure = curves.draw_pretrain_curve(args.stats)
    write_figure(figure, args.figure, curves.PRETRAIN_TITLE, curves.PRETRAIN_CAPTION)


def draw_landmarks(args: argparse.Namespace) -> None:
    """Show faces and landmarks found in images of the data set, and images left out."""
    num_examples = load_stage(args.config, FiguresStage).report.num_examples
    figure = detection.draw_landmark_sheet(
        read_table(args.quality, detection.COLUMNS), args.root, num_examples
    )
    write_figure(figure, args.figure, detection.LANDMARKS_TITLE, detection.LANDMARKS_CAPTION)


def draw_lr_detector(args: argparse.Namespace) -> None:
    """Show the errors of the low-resolution detector beside those of the stock one."""
    errors = detection.read_errors(args.errors)
    caption = detection.describe_lr_detector(errors)
    figure = detection.draw_lr_detector(errors)
    write_figure(figure, args.figure, detection.LR_DETECTOR_TITLE, caption)


def draw_metrics(args: argparse.Namespace) -> None:
    """Show every metric with its interval."""
    metrics = load_stage(args.config, TablesStage).metrics
    tables = [
        (read_csv(args.table1), metric_columns(metrics.table1)),
        (read_csv(args.table2), metric_columns(metrics.table2)),
    ]
    marks = marks_of(read_csv(args.leaks))
    notes = describe_leaks([*metrics.table1, *metrics.table2], marks)
    write_figure(
        metric_plots.draw_metric_plots(tables, marks),
        args.figure,
        metric_plots.METRICS_TITLE,
        " ".join([metric_plots.METRICS_CAPTION, *notes]),
    )


FIGURES = {
    "grid": (draw_grid, ("config", "shards", "restored", "metrics")),
    "warping": (draw_warping, ("config", "shards")),
    "fit-curves": (draw_fit_curves, ("stats+",)),
    "pretrain-curve": (draw_pretrain_curve, ("stats",)),
    "landmarks": (draw_landmarks, ("config", "quality", "root")),
    "lr-detector": (draw_lr_detector, ("errors",)),
    "metrics": (draw_metrics, ("config", "table1", "table2", "leaks")),
}
"""Kind to the function that draws it and the names of its inputs, below."""

INPUTS = {
    "config": (None, "settings of the stage: tables for metrics, else report"),
    "shards": ("+", "test shards of one scale factor"),
    "restored": ("+", "restored images of that scale factor, all methods, or lists of them"),
    "metrics": ("+", "metrics of single images of that scale factor, all methods"),
    "stats+": ("+", "x<scale factor>/<identity>/stats.jsonl of the fits, or lists of them"),
    "stats": (None, "stats.jsonl of the pretraining"),
    "quality": (None, "table of the stage quality"),
    "root": (None, "folder to which its paths are relative"),
    "errors": (None, "CSV file of the stage lr-detector"),
    "table1": (None, "CSV file of the stage tables"),
    "table2": (None, "CSV file of the stage tables"),
    "leaks": (None, "CSV file of the stage leaks"),
}
"""Input to how many files it takes and what they are."""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="kind")
    for kind, (draw, inputs) in FIGURES.items():
        subparser = kinds.add_parser(kind, help=draw.__doc__, description=draw.__doc__)
        for name in inputs:
            number, text = INPUTS[name]
            flag = f"--{name.removesuffix('+')}"
            subparser.add_argument(flag, type=Path, nargs=number, required=True, help=text)
        subparser.add_argument("--figure", type=Path, required=True, help="PNG file to write")
        subparser.set_defaults(draw=draw)


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    args.draw(args)
