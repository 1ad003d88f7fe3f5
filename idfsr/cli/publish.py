"""Halve the precision of a weight file, to be shipped with the package.

Reads safetensors of any network of this package and writes the same tensors and metadata with
float32 stored as float16. Loading brings them back to float32.

    idfsr publish --weights results/embedded/pretrain/model.safetensors \
        --published idfsr/weights/idfsr64.safetensors
"""

import argparse
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from idfsr.data.files import atomic_path


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--weights", type=Path, required=True, help="safetensors to read")
    parser.add_argument("--published", type=Path, required=True, help="safetensors to write")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    with safe_open(args.weights, framework="pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
        metadata = file.metadata()
    halved = {
        key: tensor.half() if tensor.dtype == torch.float32 else tensor
        for key, tensor in tensors.items()
    }
    with atomic_path(args.published) as path:
        save_file(halved, path, metadata=metadata)
