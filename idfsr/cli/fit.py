"""Fit the ID embedding z_id of one person, everything else frozen.

Reads the person's fit images (to learn from) and test images (to watch the loss on) from a test
shard, and a pretrained network; makes the embedding, 512 numbers with the network's digest, and
the loss curves. Killed, the same command fits anew to the same bytes.

    idfsr fit --config fit.json --model pretrain/model.safetensors \
        --shards shards/x16/test-00000.parquet --identity 00082 \
        --embedding fit/x16/00082/embedding.safetensors --stats fit/x16/00082/stats.jsonl \
        --threads 1
"""

import argparse
import dataclasses
import json
from pathlib import Path

import torch

from idfsr.baselines.embedding import Embedding, save_embedding
from idfsr.config import load_stage
from idfsr.data.files import atomic_path
from idfsr.data.loader import load_identity
from idfsr.data.shards import check_id_encoder
from idfsr.data.tables import read_metadata
from idfsr.models.checkpoint import load_idfsr
from idfsr.models.device import pick_device
from idfsr.models.weights import model_digest
from idfsr.training.fit import fit_identity


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--config", type=Path, required=True, help="settings of the stage, JSON")
    parser.add_argument("--model", type=Path, required=True, help="pretrained weights")
    parser.add_argument(
        "--shards", type=Path, nargs="+", required=True, help="test shards with the person, Parquet"
    )
    parser.add_argument("--identity", required=True, help="the person's name")
    parser.add_argument("--embedding", type=Path, required=True, help="safetensors to write")
    parser.add_argument("--stats", type=Path, required=True, help="JSON lines to write")
    parser.add_argument("--threads", type=int, default=1, help="of the network")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    config = load_stage(args.config)
    model = load_idfsr(args.model, pick_device())
    check_id_encoder(args.shards, model.id_encoder)
    examples = {part: load_identity(args.shards, args.identity, part) for part in ("fit", "test")}
    result = fit_identity(model, examples["fit"], examples["test"], config.fit, config.seed)
    embedding = Embedding(
        z_id=result.z_id,
        identity=args.identity,
        scale_factor=int(read_metadata(args.shards[0])["scale_factor"]),
        model_digest=model_digest(args.model),
        config=dataclasses.asdict(config.fit),
    )
    save_embedding(args.embedding, embedding)
    with atomic_path(args.stats) as temporary:
        lines = [json.dumps(record) for record in result.records()]
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
