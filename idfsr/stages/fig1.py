r"""Draw Fig. 1 of the paper: one person before and after the fit.

Reads what `idfsr fig4` reads, and makes the same three files.

    idfsr fig1 --config figures.json --shards shards/x*/test-*.parquet \
        --restored restored/x*/*/*.parquet --metrics metrics/x*/*.parquet \
        --truth synthref/ground_truth.parquet --figure figures/fig1.png
"""

import argparse

from idfsr.config.figures import PaperFiguresStage
from idfsr.config.stage import load_stage
from idfsr.constants import OWN_METHODS
from idfsr.stages import fig4

CONVENTIONAL = "codeformer"
"""The paper's example of a method without a reference; bicubic where a run lacks it."""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    fig4.register(parser)


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    methods = load_stage(args.config, PaperFiguresStage).methods
    own = [name for name in OWN_METHODS if name in methods]
    other = [name for name in methods if name not in own]
    shown = CONVENTIONAL if CONVENTIONAL in other else next(iter(other), None)
    methods = (*([shown] if shown else []), *own)
    fig4.draw(args, methods, 1, "Fig. 1: one person before and after the fit", fig4.CAPTION)
