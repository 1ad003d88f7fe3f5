"""Train the small ID encoder with ArcFace, and write the card that says how good it is.

Reads a table of aligned faces of 112 x 112 pixels; makes weights, a line of statistics a step and
a card in Markdown. A tenth of the identities is held out for the figures of the card. Killed, it
goes on when the same command is run again; the state stands in --state-dir until it is done.

    idfsr arcface --config arcface.json --crops crops.parquet --state-dir arcface/state \
        --weights arcface/model.safetensors --stats arcface/stats.jsonl --card arcface/card.md \
        --threads 2
"""

import argparse
from pathlib import Path

import torch

from idfsr.config.networks import ArcfaceStage
from idfsr.config.stage import load_stage
from idfsr.io.files import atomic_path
from idfsr.models.device import pick_device
from idfsr.models.iresnet import save_iresnet
from idfsr.stages.trainings import add_training_arguments
from idfsr.training.card import write_card
from idfsr.training.loop import finish
from idfsr.training.networks.arcface.training import train_arcface


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_training_arguments(parser)
    parser.add_argument("--crops", type=Path, required=True, help="aligned faces, Parquet")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    config = load_stage(args.config, ArcfaceStage)
    encoder, trained, card = train_arcface(config, args.crops, args.state_dir, pick_device())
    with atomic_path(args.weights) as temporary:
        save_iresnet(temporary, encoder)
    write_card(card, args.card)
    finish(trained, args.stats)
