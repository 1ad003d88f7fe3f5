"""Train the small network that finds 68 landmarks in aligned faces, and write its card.

Reads pretraining shards of one scale factor, test shards whose people are held out for the figures
of the card, and the landmarks that the renderer knows; makes weights, a line of statistics a step
and a card in Markdown. Killed, it goes on when the same command is run again; the state stands in
--state-dir until it is done.

    idfsr landmarks68 --config landmarks68.json --shards shards/x8/pretrain-*.parquet \
        --held-out shards/x8/test-*.parquet --truth synthref_landmarks.parquet \
        --state-dir landmarks68/state --weights landmarks68/model.safetensors \
        --stats landmarks68/stats.jsonl --card landmarks68/card.md --threads 2
"""

import argparse
from pathlib import Path

import torch

from idfsr.config.networks import Landmarks68Stage
from idfsr.config.stage import load_stage
from idfsr.io.files import atomic_path
from idfsr.models.device import pick_device
from idfsr.models.landmarks68 import Landmarks68Config
from idfsr.models.published import save_network
from idfsr.stages.trainings import add_training_arguments
from idfsr.training.card import write_card
from idfsr.training.loop import finish
from idfsr.training.networks.landmarks68.training import train_landmarks68


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_training_arguments(parser)
    parser.add_argument("--shards", type=Path, nargs="+", required=True, help="shards, Parquet")
    parser.add_argument("--held-out", type=Path, nargs="+", required=True, help="likewise")
    parser.add_argument("--truth", type=Path, required=True, help="known landmarks, Parquet")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    network, trained, card = train_landmarks68(
        load_stage(args.config, Landmarks68Stage),
        args.shards,
        args.held_out,
        args.truth,
        args.state_dir,
        pick_device(),
    )
    with atomic_path(args.weights) as temporary:
        save_network(temporary, network, Landmarks68Config())
    write_card(card, args.card)
    finish(trained, args.stats)
