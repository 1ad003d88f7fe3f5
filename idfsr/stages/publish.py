"""Halve the precision of a weight file, to be shipped with the package, with its card beside it.

Reads safetensors of any network of this package and its card; writes the same tensors and metadata
with float32 stored as float16, and in the metadata how the network was trained, as the card says.
Loading brings the tensors back to float32.

    idfsr publish --weights results/embedded/pretrain/model.safetensors \
        --card results/embedded/pretrain/card.md \
        --published idfsr/weights/idfsr64.safetensors
"""

import argparse
import shutil
from pathlib import Path

from idfsr.io.files import atomic_path
from idfsr.io.history import HISTORY
from idfsr.models.weights import dump_settings, halve_precision
from idfsr.training.card import read_card


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--weights", type=Path, required=True, help="safetensors to read")
    parser.add_argument("--card", type=Path, required=True, help="card to read, Markdown")
    parser.add_argument("--published", type=Path, required=True, help="safetensors to write")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    history = {HISTORY: dump_settings(read_card(args.card))}
    with atomic_path(args.published) as temporary:
        halve_precision(args.weights, temporary, history)
    with atomic_path(args.published.with_suffix(".md")) as temporary:
        shutil.copyfile(args.card, temporary)
