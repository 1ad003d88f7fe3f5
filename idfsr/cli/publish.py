"""Halve the precision of a weight file, to be shipped with the package.

Reads safetensors of any network of this package and writes the same tensors and metadata with
float32 stored as float16. Loading brings them back to float32.

    idfsr publish --weights results/embedded/pretrain/model.safetensors \
        --published idfsr/weights/idfsr64.safetensors
"""

import argparse
from pathlib import Path

from idfsr.data.files import atomic_path
from idfsr.models.weights import halve_precision


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--weights", type=Path, required=True, help="safetensors to read")
    parser.add_argument("--published", type=Path, required=True, help="safetensors to write")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    with atomic_path(args.published) as temporary:
        halve_precision(args.weights, temporary)
