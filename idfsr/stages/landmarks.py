r"""Find the face in each photograph of a shard of the manifest.

Reads the manifest and the photographs; makes a table with a row for each readable photograph of
the shard: how many faces, box, score and five landmarks of the largest, sharpness, the angle to
which the head is turned, and z_id, by which strangers are told. Coordinates are pixels of the
upright photograph.

    idfsr landmarks --config landmarks.json --manifest manifest.parquet --root data \
        --assets .assets --id-encoder idfsr/weights/arcface.safetensors --shard 0 \
        --landmarks landmarks/shard-00000.parquet --threads 2
"""

import argparse
from pathlib import Path

import torch

from idfsr.config.landmarks import LandmarksStage
from idfsr.config.stage import load_stage
from idfsr.faces.detector import load_detector
from idfsr.faces.landmarks import detect_landmarks, select_shard
from idfsr.io.schemas import LANDMARKS_SCHEMA, MANIFEST_SCHEMA
from idfsr.io.tables import read_table, write_table
from idfsr.models.device import pick_device
from idfsr.models.id_encoder import load_id_encoder


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--config", type=Path, required=True, help="settings of the stage, JSON")
    parser.add_argument("--manifest", type=Path, required=True, help="table of images, Parquet")
    parser.add_argument("--root", type=Path, required=True, help="folder of identities' folders")
    parser.add_argument("--assets", type=Path, required=True, help="folder of asset packages")
    parser.add_argument("--id-encoder", type=Path, help="weights of ArcFace; without, no z_id")
    parser.add_argument("--shard", type=int, required=True, help="its number, from 0")
    parser.add_argument("--landmarks", type=Path, required=True, help="table to write, Parquet")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of network, decoder")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    config = load_stage(args.config, LandmarksStage).landmarks
    rows = select_shard(
        read_table(args.manifest, MANIFEST_SCHEMA.names), config.images_per_shard, args.shard
    )
    device = pick_device()
    detector = load_detector(config, args.assets, device)
    embed = load_id_encoder(args.id_encoder, device).embed if args.id_encoder else None
    table = detect_landmarks(rows, args.root, detector, config, args.threads, embed)
    write_table(table, args.landmarks, LANDMARKS_SCHEMA)
