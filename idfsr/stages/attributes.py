"""Train the small network for age, gender, race and expression, and write its card.

Reads a table of aligned faces of 112 x 112 pixels with labels; makes weights, a line of statistics
a step and a card in Markdown. A tenth of the identities is held out for the figures of the card.
Killed, it goes on when the same command is run again; the state stands in --state-dir until it is
done.

    idfsr attributes --config attributes.json --crops crops.parquet \
        --state-dir attributes/state --weights attributes/model.safetensors \
        --stats attributes/stats.jsonl --card attributes/card.md --threads 2
"""

import argparse
from pathlib import Path

import torch

from idfsr.config.networks import AttributesStage
from idfsr.config.stage import load_stage
from idfsr.io.files import atomic_path
from idfsr.models.attributes import save_attributes
from idfsr.models.device import pick_device
from idfsr.stages.trainings import add_training_arguments
from idfsr.training.card import write_card
from idfsr.training.loop import finish
from idfsr.training.networks.attributes.training import train_attributes


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_training_arguments(parser)
    parser.add_argument("--crops", type=Path, required=True, help="aligned faces, Parquet")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    config = load_stage(args.config, AttributesStage)
    network, trained, card = train_attributes(config, args.crops, args.state_dir, pick_device())
    with atomic_path(args.weights) as temporary:
        save_attributes(temporary, network)
    write_card(card, args.card)
    finish(trained, args.stats)
