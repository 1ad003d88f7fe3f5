"""Train a small network of a baseline for the embedded default, and write its card.

Reads pretraining shards of all scale factors, test shards whose people are held out for the figures
of the card, and for some members weights and card of the one that is trained before (codeformer
wants vqgan, dr2_enhancer wants prior); makes weights, a line of statistics a step and a card in
Markdown. Killed, it goes on when the same command is run again; the state stands in --state-dir
until it is done.

    idfsr member prior --config member-prior.json --shards shards/x*/pretrain-*.parquet \
        --held-out shards/x*/test-*.parquet --state-dir members/prior/state \
        --weights members/prior/model.safetensors --stats members/prior/stats.jsonl \
        --card members/prior/card.md --threads 2
"""

import argparse
from pathlib import Path

import torch

from idfsr.config.networks import MemberStage
from idfsr.config.stage import load_stage
from idfsr.io.files import atomic_path
from idfsr.models.device import pick_device
from idfsr.models.published import save_network
from idfsr.stages.trainings import add_training_arguments
from idfsr.training.card import write_card
from idfsr.training.loop import finish
from idfsr.training.networks import MEMBERS
from idfsr.training.networks.train import Sources, train_member


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_training_arguments(parser)
    parser.add_argument("member", choices=MEMBERS, help="what to train")
    parser.add_argument("--shards", type=Path, nargs="+", required=True, help="shards, Parquet")
    parser.add_argument("--held-out", type=Path, nargs="+", required=True, help="likewise")
    parser.add_argument("--first", type=Path, help="weights of the member trained before")
    parser.add_argument("--first-card", type=Path, help="its card")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    sources = Sources(
        shards=args.shards,
        held_out=args.held_out,
        first=args.first,
        first_card=args.first_card,
    )
    network, trained, card = train_member(
        args.member, load_stage(args.config, MemberStage), sources, args.state_dir, pick_device()
    )
    with atomic_path(args.weights) as temporary:
        save_network(temporary, network, MEMBERS[args.member].sizes)
    write_card(card, args.card)
    finish(trained, args.stats)
