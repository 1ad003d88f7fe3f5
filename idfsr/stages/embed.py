r"""Put a network into the package: its weights in half precision, with its card beside them.

Reads safetensors of any network that was trained here, and its card; writes the same tensors and
metadata with float32 stored as float16, and in the metadata how the network was trained, as the
card says. Loading brings the tensors back to float32. --digest gets a line for `sha256sum --check`.

    idfsr embed --weights results/embedded/pretrain/model.safetensors \
        --card results/embedded/pretrain/card.md --embedded idfsr/weights/idfsr64.safetensors \
        --digest results/embedded/pretrain/embedded.sha256
"""

import argparse
import shutil
from pathlib import Path

from idfsr.io.digests import file_digest
from idfsr.io.files import atomic_path
from idfsr.io.history import HISTORY
from idfsr.models.weights import dump_settings, halve_precision
from idfsr.training.card import read_card


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--weights", type=Path, required=True, help="safetensors to read")
    parser.add_argument("--card", type=Path, required=True, help="card to read, Markdown")
    parser.add_argument("--embedded", type=Path, required=True, help="safetensors to write")
    parser.add_argument("--digest", type=Path, required=True, help="its sha256 to write")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    history = {HISTORY: dump_settings(read_card(args.card))}
    with atomic_path(args.embedded) as temporary:
        halve_precision(args.weights, temporary, history)
    with atomic_path(args.embedded.with_suffix(".md")) as temporary:
        shutil.copyfile(args.card, temporary)
    with atomic_path(args.digest) as temporary:
        temporary.write_text(f"{file_digest(args.embedded)}  {args.embedded}\n", encoding="utf-8")
