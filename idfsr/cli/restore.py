"""Restore the test images of one person with one method.

Reads a test shard and, for the methods of IDFSR, weights and a fitted embedding, for the others
published weights (see `idfsr weights list`); makes a table with a PNG for each test image, or the
reason why a method could not restore it. Random numbers are seeded by the image, so that no result
depends on the batch.

    idfsr restore --config restore.json --method idfsr-ft --shards shards/x16/test-00000.parquet \
        --identity 00082 --model pretrain/model.safetensors \
        --embedding fit/x16/00082/embedding.safetensors \
        --restored restored/x16/idfsr-ft/00082.parquet --threads 1
"""

import argparse
from pathlib import Path

import torch

from idfsr.baselines.contract import RESTORED_SCHEMA, Method, restore_identity
from idfsr.baselines.registry import make_baseline, make_idfsr
from idfsr.config import load_stage
from idfsr.constants import IDFSR_METHODS
from idfsr.data.loader import load_identity, load_ref_images
from idfsr.data.tables import read_metadata, write_table
from idfsr.published import weights_folder


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--config", type=Path, required=True, help="settings of the stage, JSON")
    parser.add_argument("--method", required=True, help="name as in the tables")
    parser.add_argument(
        "--shards", type=Path, nargs="+", required=True, help="test shards with the person, Parquet"
    )
    parser.add_argument("--identity", required=True, help="the person's name")
    parser.add_argument("--model", type=Path, help="pretrained weights, for idfsr-pt and idfsr-ft")
    parser.add_argument("--embedding", type=Path, help="fitted embedding, for idfsr-ft")
    parser.add_argument(
        "--weights", type=Path, default=weights_folder(), help="folder of the published weights"
    )
    parser.add_argument("--restored", type=Path, required=True, help="table to write, Parquet")
    parser.add_argument("--threads", type=int, default=1, help="of the network")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    config = load_stage(args.config)
    examples = load_identity(args.shards, args.identity, "test")
    scale_factor = int(read_metadata(args.shards[0])["scale_factor"])
    method: Method
    if args.method in IDFSR_METHODS:
        method = make_idfsr(
            args.method, config, args.identity, scale_factor, args.model, args.embedding
        )
    else:
        method = make_baseline(args.method, config, scale_factor, args.weights)
    if "ref_image" in method.needs:
        examples["ref_image"] = load_ref_images(args.shards, args.identity, "test")
    table = restore_identity(
        method, examples, args.identity, scale_factor, config.restore.batch_size
    )
    write_table(table, args.restored, RESTORED_SCHEMA)
