"""The arguments that say what families are loaded from."""

import argparse
from pathlib import Path
from typing import Any

from idfsr.io.places import assets_folder
from idfsr.io.weights_list import weights_folder
from idfsr.metrics.engine.metric import Resources
from idfsr.models.device import pick_device


def add_resources(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that `find_resources` reads."""
    add = parser.add_argument
    add("--assets", type=Path, default=assets_folder(), help="folder of the asset packages")
    add("--weights", type=Path, default=weights_folder(), help="folder of published weights")
    add("--attributes", type=Path, help="weights of the attribute network, for its family")
    add("--id-encoder", type=Path, help="weights of the ID encoder, for its family")


def find_resources(args: argparse.Namespace, settings: Any) -> Resources:
    """Return what a family is loaded from.

    Args:
        args: Of `add_resources`.
        settings: Of the family.
    """
    return Resources(
        args.assets, args.weights, args.attributes, pick_device(), settings, args.id_encoder
    )
