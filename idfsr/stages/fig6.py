r"""Draw Fig. 6 of the paper: one low-resolution image restored with several references.

Reads test shards of one scale factor and the exchanges. Makes a PNG, and beside it an SVG and as
CSV the numbers of every restored image and of every pair of them.

    idfsr fig6 --shards shards/x16/test-*.parquet \
        --exchanges exchanges/x16.parquet --figure figures/fig6.png
"""

import argparse
from pathlib import Path

import pandas as pd

from idfsr.report import styles
from idfsr.report.layout import scale_label
from idfsr.report.outputs import write_outputs

TITLE = "Fig. 6: one image with several references"
CAPTION = (
    "One low-resolution image of a person at {scale}, restored with the fitted z_id and one of "
    "several references of the person, the first people by name. Below the images stands the "
    "expression that a network sees in them. Left: how much the results of two references differ, "
    "in the masked face and outside it. Right: of the {differing} images whose reference has "
    "another expression than the ground truth, the share that has the one or the other; and of the "
    "{same} in which both have the same expression, the share that has it too. Over {people} "
    "people, with 95 % intervals over people."
)


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--shards", type=Path, nargs="+", required=True, help="test shards of one scale factor")
    add("--exchanges", type=Path, required=True, help="table of `idfsr exchanges`")
    add("--figure", type=Path, required=True, help="PNG file to write; SVG and CSV stand beside it")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    styled, numbers = styles.read_styled(args.shards, args.exchanges)
    changes = styles.measure_changes(styled, args.shards)
    agreement = styles.measure_agreement(numbers)
    write_outputs(
        styles.draw_styles(styled[: styles.NUM_PEOPLE], numbers, changes),
        pd.concat([numbers, changes], ignore_index=True),
        args.figure,
        TITLE,
        CAPTION.format(
            scale=scale_label(int(numbers["scale_factor"].iloc[0])),
            differing=int(agreement["follows_reference"].notna().sum()),
            same=int(agreement["references_agree"].notna().sum()),
            people=numbers["identity"].nunique(),
        ),
    )
