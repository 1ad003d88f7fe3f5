r"""Draw how results hold under more damage than a network was trained with.

Reads the table of `idfsr damages`. Makes a PNG, and beside it an SVG and the means with their
intervals as CSV.

    idfsr robustness --damages damages.parquet --figure figures/robustness.png
"""

import argparse
from pathlib import Path

from idfsr.io.tables import read_table
from idfsr.report.damages import COLUMNS, draw_damages, summarise_damages
from idfsr.report.layout import scale_label
from idfsr.report.outputs import write_outputs

TITLE = "Robustness: scale, blur, noise and JPEG"
CAPTION = (
    "The first test image of each of {people} people, damaged in one way at a time; blur, noise "
    "and JPEG at {scale}. Landmarks are searched anew in each image. The network was trained at "
    "the run's scale factors, and z_id of FT was fitted at {scale}. Bands are 95 % intervals over "
    "people. The face was found in {share:.0%} of the damaged images; elsewhere mean landmarks "
    "stand in."
)


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--damages", type=Path, required=True, help="table of `idfsr damages`, Parquet")
    add("--figure", type=Path, required=True, help="PNG file to write; SVG and CSV stand beside it")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    table = read_table(args.damages, COLUMNS)
    summary = summarise_damages(table)
    nominal = int(table["scale_factor"][table["damage"] != "scale"].iloc[0])
    caption = CAPTION.format(
        people=table["identity"].nunique(),
        scale=scale_label(nominal),
        share=table["lr_detected"].mean(),
    )
    write_outputs(draw_damages(summary), summary, args.figure, TITLE, caption)
