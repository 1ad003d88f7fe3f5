r"""Train a small network, and write the card that says how good it is.

Which files it reads depends on the network. arcface and attributes read a table of aligned faces of
112 x 112 pixels (--crops), of which a tenth of the people is held out for the figures of the card.
The networks of the baselines read pretraining shards of all scale factors, and test shards whose
people are held out (--held-out); landmarks68 reads those of one, with the landmarks that the
renderer knows (--truth). Some begin with another network that is trained before, or learn with it:
codeformer wants vqgan, dr2_enhancer wants prior, asffnet and dmdnet want landmarks68 (--first and
--first-card). lr_detector reads the photographs of the split with the landmarks that were found in
them; it begins with the stock weights of RetinaFace in --assets, or with --init, and also makes a
table of its errors beside those of the stock detector (--table).

The command makes weights, a line of statistics a step and a card in Markdown. If it is killed, it
goes on when the same command is run again; the state stands in --state-dir until it is done.

    idfsr train prior --config train-prior.json --shards shards/x*/pretrain-*.parquet \
        --held-out shards/x*/test-*.parquet --state-dir prior/state \
        --weights prior/model.safetensors --stats prior/stats.jsonl --card prior/card.md \
        --threads 2
"""

import argparse
from pathlib import Path

import torch

from idfsr.config.stage import load_stage
from idfsr.errors import IdfsrError
from idfsr.io.files import atomic_path
from idfsr.io.texts import write_text
from idfsr.models.device import pick_device
from idfsr.training.card import write_card
from idfsr.training.loop import finish
from idfsr.training.networks import FILES, OPTIONAL, find_network, network_names
from idfsr.training.networks.record import Files
from idfsr.training.networks.train import First, find_training, train_network

INPUTS = {
    "crops": "table of aligned faces, Parquet",
    "shards": "pretraining shards, Parquet",
    "held_out": "test shards, Parquet",
    "truth": "table of landmarks, Parquet",
    "split": "table of parts, TSV",
    "manifest": "table of images, Parquet",
    "landmarks": "all shards of landmarks, Parquet",
    "root": "folder of identities' folders",
    "assets": "folder of asset packages",
    "init": "weights of RetinaFace to begin with, .safetensors or .pth",
    "first": "weights of the network that is trained before",
    "first_card": "its card",
}


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("network", choices=network_names(), help="what to train")
    parser.add_argument("--config", type=Path, required=True, help="settings of the stage, JSON")
    for name, words in INPUTS.items():
        parser.add_argument(_flag(name), type=Path, nargs="+", default=[], help=words)
    parser.add_argument("--state-dir", type=Path, required=True, help="folder to resume from")
    parser.add_argument("--weights", type=Path, required=True, help="weights to write")
    parser.add_argument("--stats", type=Path, required=True, help="JSON lines to write")
    parser.add_argument("--card", type=Path, required=True, help="Markdown to write")
    parser.add_argument("--table", type=Path, help="figures to write, CSV, of a network with some")
    parser.add_argument("--threads", type=int, default=1, help="of the network")


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def given_files(args: argparse.Namespace) -> Files:
    """Return the files to read, by the name of their argument.

    Raises:
        IdfsrError: They are not those that the network wants, or --table is not.
    """
    network = find_network(args.network)
    wanted = FILES[network.reads]
    wanted += ("first", "first_card") if network.first else ()
    wanted += ("table",) if network.tabulated else ()
    found = [name for name in (*INPUTS, "table") if getattr(args, name)]
    if set(found) - set(OPTIONAL.get(network.reads, ())) != set(wanted):
        first = f" of {network.first}" if network.first else ""
        message = (
            f"{args.network}: found {' '.join(map(_flag, found)) or 'no files'}, "
            f"wanted {' '.join(map(_flag, wanted))}{first}"
        )
        raise IdfsrError(message)
    return {name: getattr(args, name) for name in found if name in INPUTS}


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    config, files = load_stage(args.config, find_network(args.network).stage), given_files(args)
    first = First(weights=args.first[0], card=args.first_card[0]) if args.first else None
    result = train_network(args.network, config, files, first, args.state_dir, pick_device())
    training = find_training(args.network)
    with atomic_path(args.weights) as temporary:
        training.save(temporary, result.network, training.sizes)
    others = [args.weights, args.card]
    if result.table is not None:
        write_text(args.table, result.table.to_csv(index=False))
        others.append(args.table)
    write_card(result.card, args.card)
    finish(result.trained, args.stats, *others)
