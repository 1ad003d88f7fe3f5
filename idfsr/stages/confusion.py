r"""Draw which attributes of the ground truth are taken for which in restored images.

Reads metrics of single images of all scale factors, of one method or several. Makes a PNG with the
matrices of the last method, and beside it an SVG and the matrices of all as CSV.

    idfsr confusion --metrics metrics/x*/idfsr-ft.parquet --figure figures/confusion.png
"""

import argparse
from pathlib import Path

from idfsr.report import confusion
from idfsr.report.layout import method_label
from idfsr.report.measured import read_measured
from idfsr.report.outputs import write_outputs

TITLE = "Attributes: what is taken for what"
CAPTION = (
    "What the network of each attribute sees in the ground truth, and in the image that {method} "
    "restored from it: numbers of images, coloured by their share of the row. The network's own "
    "mistakes count only where it makes them in one of the two."
)


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--metrics", type=Path, nargs="+", required=True, help="metrics of single images")
    add("--figure", type=Path, required=True, help="PNG file to write; SVG and CSV stand beside it")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    measured = read_measured(args.metrics)
    attributes = confusion.find_attributes(measured)
    table = confusion.count_confusions(measured, attributes)
    method = str(measured["method"].iloc[-1])
    figure = confusion.draw_confusions(table, method, attributes)
    caption = CAPTION.format(method=method_label(method))
    write_outputs(figure, table, args.figure, TITLE, caption)
