r"""Draw Fig. 5 of the paper: the z_id of one person on images of another.

Reads test shards of one scale factor, the probes with their images and the exchanges. Makes a PNG,
and beside it an SVG and the numbers of every image as CSV.

    idfsr fig5 --shards shards/x16/test-*.parquet \
        --probes probes/x16.parquet --images probes/x16-images.parquet \
        --exchanges exchanges/x16.parquet --figure figures/fig5.png
"""

import argparse
from pathlib import Path

from idfsr.report import cross_identity
from idfsr.report.layout import scale_label
from idfsr.report.outputs import write_outputs

TITLE = "Fig. 5: the z_id of one person on images of another"
CAPTION = (
    "Images of person B at {scale}, restored with B's own z_id and with that of another person A, "
    "got in three ways: of one photograph of A, as the mean of A's fit images, and fitted to them. "
    "The low-resolution image and the reference stay B's. B are the first people by name, A is the "
    "next. Below each image are its identity distances to both, by SFace. The plots show the means "
    "over {images} images of {people} people with 95 % intervals over people: a z_id that is "
    "decoupled goes towards A and away from B, and leaves the background as it is."
)


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--shards", type=Path, nargs="+", required=True, help="test shards of one scale factor")
    add("--probes", type=Path, required=True, help="table of `idfsr probes`")
    add("--images", type=Path, required=True, help="its images")
    add("--exchanges", type=Path, required=True, help="table of `idfsr exchanges`")
    add("--figure", type=Path, required=True, help="PNG file to write; SVG and CSV stand beside it")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    truth = cross_identity.read_truth(args.shards)
    rows = cross_identity.read_rows(args.probes, args.images, args.exchanges)
    rows = cross_identity.measure_background(rows, truth)
    exchanges = [
        cross_identity.read_exchange(key, rows, truth)
        for key in cross_identity.choose_rows(rows, cross_identity.NUM_ROWS)
    ]
    keys = rows[["identity", "image"]].drop_duplicates()
    write_outputs(
        cross_identity.draw_exchanges(exchanges, rows),
        rows.drop(columns="sr_image"),
        args.figure,
        TITLE,
        CAPTION.format(
            scale=scale_label(int(rows["scale_factor"].iloc[0])),
            images=len(keys),
            people=keys["identity"].nunique(),
        ),
    )
