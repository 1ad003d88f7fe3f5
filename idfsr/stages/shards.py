r"""Prepare target images once for training, fitting and restoring.

Reads a shard's images of the split; makes a table with a row for each: ground truth and
low-resolution image, landmarks, the box of the mask, the identity's embedding, and the references
warped onto it. "test" shards hold the fit and the test images of whole identities.

    idfsr shards --config shards.json --split split.tsv --landmarks landmarks/shard-*.parquet \
        --manifest manifest.parquet --root data --lr-detector lr_detector/model.safetensors \
        --id-encoder arcface.safetensors --part test --scale-factor 16 --shard 0 \
        --shards shards/x16/test-00000.parquet --threads 2
"""

import argparse
from pathlib import Path

import torch

from idfsr.config.shards import ShardsStage
from idfsr.config.stage import load_stage
from idfsr.dataset.sharding import plan_shards, read_split_rows
from idfsr.errors import IdfsrError
from idfsr.faces.low_resolution import load_lr_detector
from idfsr.faces.prepare import Networks, TargetRow, prepare_rows
from idfsr.faces.targets import read_faces
from idfsr.io.shards import write_shard
from idfsr.models.device import pick_device
from idfsr.models.id_encoder import load_id_encoder
from idfsr.models.weights import model_digest


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--config", type=Path, required=True, help="settings of the stage, JSON")
    parser.add_argument("--split", type=Path, required=True, help="table of parts, TSV")
    parser.add_argument(
        "--landmarks", type=Path, nargs="+", required=True, help="all shards of landmarks, Parquet"
    )
    parser.add_argument("--manifest", type=Path, required=True, help="table of images, Parquet")
    parser.add_argument("--root", type=Path, required=True, help="folder of identities' folders")
    parser.add_argument("--lr-detector", type=Path, required=True, help="its weights, safetensors")
    parser.add_argument("--id-encoder", type=Path, required=True, help="weights of ArcFace")
    parser.add_argument("--part", choices=["pretrain", "test"], required=True, help="which images")
    parser.add_argument("--scale-factor", type=int, required=True, help="4, 8, 16 or 32")
    parser.add_argument("--shard", type=int, required=True, help="its number, from 0")
    parser.add_argument("--shards", type=Path, required=True, help="shard to write, Parquet")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of the networks")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    config = load_stage(args.config, ShardsStage)
    split = read_split_rows(args.split)
    plan = plan_shards(split, args.part, config.shards.rows_per_shard)
    if not 0 <= args.shard < len(plan):
        message = f"{args.split}: shard {args.shard} of {args.part}, found {len(plan)} shards"
        raise IdfsrError(message)
    device = pick_device()
    id_encoder = load_id_encoder(args.id_encoder, device)
    networks = Networks(load_lr_detector(args.lr_detector, device), id_encoder.embed)
    faces = read_faces(args.manifest, args.landmarks, args.root)
    parts = {(row["identity"], row["image"]): row["part"] for row in split}
    targets = [
        TargetRow(identity, image, parts[identity, image]) for identity, image in plan[args.shard]
    ]
    rows = prepare_rows(targets, faces, networks, config, args.scale_factor)
    metadata = {
        "image_size": str(config.shards.image_size),
        "scale_factor": str(args.scale_factor),
        "id_encoder": id_encoder.name,
        "lr_detector": model_digest(args.lr_detector),
    }
    write_shard(rows, args.shards, metadata, id_encoder.dim)
