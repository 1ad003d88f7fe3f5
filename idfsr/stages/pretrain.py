r"""Train the diffusion U-Net and the style encoder (IDFSR, Eq. 1).

Reads pretraining shards of all scale factors and, if given, weights to begin with; makes averaged
weights and a line of statistics a step. If it is killed, the same command goes on, and on a CPU
ends with the same bytes. One process at a time trains in --state-dir, which holds the state, and in
progress/ event files for TensorBoard and the sheets of `pretrain.sample_images`; in the end that
folder stands beside the statistics too. The state stays: the same command makes the same outputs
again in seconds. A run of the workflow that ends well removes it.

    idfsr pretrain --config pretrain.json --shards shards/x*/pretrain-*.parquet \
        --init idfsr/weights/idfsr64.safetensors --id-loss idfsr/weights/arcface.safetensors \
        --state-dir pretrain/state \
        --model pretrain/model.safetensors --stats pretrain/stats.jsonl \
        --card pretrain/card.md --threads 2

Under torchrun its processes share every batch:

    torchrun --nproc-per-node 4 --no-python idfsr pretrain ...
"""

import argparse
from pathlib import Path

import torch

from idfsr.config.pretrain import PretrainStage
from idfsr.config.stage import load_stage
from idfsr.io.files import atomic_path
from idfsr.models.checkpoint import save_model
from idfsr.training.card import write_card
from idfsr.training.distributed import joined_processes, num_local_processes, rank
from idfsr.training.loop import finish
from idfsr.training.pretrain import Sources, pretrain


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--config", type=Path, required=True, help="settings of the stage, JSON")
    add("--shards", type=Path, nargs="+", required=True, help="shards, Parquet")
    add("--init", type=Path, help="weights to begin with; random if left out")
    add("--id-loss", type=Path, help="recogniser of the identity loss, where it weighs")
    add(
        "--sample-shards",
        type=Path,
        nargs="*",
        default=[],
        help="test shards, one of each scale factor, for pretrain.sample_images",
    )
    add("--state-dir", type=Path, required=True, help="folder to resume from")
    add("--model", type=Path, required=True, help="weights to write")
    add("--stats", type=Path, required=True, help="JSON lines to write")
    add("--card", type=Path, required=True, help="Markdown to write")
    add(
        "--threads",
        type=int,
        default=1,
        help="CPU threads of all processes of a machine; with a GPU they decode images",
    )


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    num_threads = max(1, args.threads // num_local_processes())
    torch.set_num_threads(num_threads)
    config = load_stage(args.config, PretrainStage)
    with joined_processes() as device:
        num_workers = num_threads if device.type == "cuda" else 0
        sources = Sources(
            shards=args.shards,
            id_loss=args.id_loss,
            init=args.init,
            sample_shards=args.sample_shards,
        )
        model, trained, card = pretrain(config, sources, args.state_dir, device, num_workers)
        if rank() > 0:
            return
    with atomic_path(args.model) as temporary:
        save_model(temporary, model)
    write_card(card, args.card)
    finish(trained, args.stats, args.model, args.card)
