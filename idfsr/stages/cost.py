r"""Draw what each method takes for one image.

Reads the files of `idfsr costs`. Makes a PNG, and beside it an SVG and the numbers as CSV.

    idfsr cost --costs costs/*.json --figure figures/cost.png
"""

import argparse
from pathlib import Path

from idfsr.report.cost import draw_costs, read_costs
from idfsr.report.layout import scale_label
from idfsr.report.outputs import write_outputs

TITLE = "Cost of an image"
CAPTION = (
    "One image of {size} x {size} pixels at {scale}, on {device}: parameters of all networks that "
    "a method loads; multiplications and additions of convolutions and products of matrices, as "
    "torch.utils.flop_counter counts them; the fastest of three restorations; and the most "
    "memory, {memory}. The fit of IDFSR (FT), once for each person, is not in it."
)


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--costs", type=Path, nargs="+", required=True, help="files of `idfsr costs`, JSON")
    add("--figure", type=Path, required=True, help="PNG file to write; SVG and CSV stand beside it")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    table = read_costs(args.costs)
    device = str(table["device"].iloc[0])
    of_process = "of the process, libraries among it"
    caption = CAPTION.format(
        size=int(table["image_size"].iloc[0]),
        scale=scale_label(int(table["scale_factor"].iloc[0])),
        device="a CPU" if device == "cpu" else device,
        memory=of_process if device == "cpu" else "of the GPU",
    )
    write_outputs(draw_costs(table), table, args.figure, TITLE, caption)
