"""Arguments that `idfsr fit` and `idfsr restore` share for photographs of one's own."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from idfsr.config import load_config
from idfsr.errors import IdfsrError
from idfsr.models.device import pick_device
from idfsr.people.networks import Studio, open_studio

CONFIG = Path("config/photographs.yaml")


def check_arguments(
    args: argparse.Namespace, needed: Sequence[str], refused: Sequence[str], mode: str
) -> None:
    """See that the arguments of one of the two ways of a command are there, and no other's.

    Args:
        args: Parsed; what was not given is None.
        needed: Names of arguments of this way.
        refused: Those of the other way.
        mode: What to call this way.

    Raises:
        IdfsrError: One is missing or one too many.
    """
    for names, given, what in ((needed, False, "needs"), (refused, True, "does not take")):
        for name in names:
            if (getattr(args, name) is not None) == given:
                message = f"{mode} {what} --{name.replace('_', '-')}"
                raise IdfsrError(message)


def open_studio_of(args: argparse.Namespace) -> Studio:
    """Load the networks that the settings name."""
    torch.set_num_threads(args.threads)
    config = load_config(args.config or CONFIG)
    return open_studio(config, args.assets, pick_device())
