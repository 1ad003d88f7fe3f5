r"""Restore test images that are damaged further: smaller, blurred, noisy or compressed.

Reads test shards of one scale factor, a pretrained network, fitted embeddings and the detector of
low-resolution images. Makes a table with an image of each of the first ten people under each
damage, bicubically enlarged and restored before and after the fit, with PSNR and identity distance.

    idfsr damages --config damages.json --shards shards/x8/test-00000.parquet \
        --model pretrain/model.safetensors --embeddings fit/x8/*/embedding.safetensors \
        --lr-detector lr_detector/model.safetensors --assets .assets --damages damages.parquet
"""

import argparse
from pathlib import Path

import torch

from idfsr.config.damages import DamagesStage
from idfsr.config.stage import load_stage
from idfsr.experiments.damages import DAMAGES_SCHEMA, restore_damaged
from idfsr.faces.low_resolution import load_lr_detector
from idfsr.io.file_lists import listed_files
from idfsr.io.places import assets_folder
from idfsr.io.shards import scale_factor_of
from idfsr.io.tables import write_table
from idfsr.methods.engine.embedding import load_z_ids
from idfsr.methods.idfsr.restore import load_restorer
from idfsr.metrics.sface.network import load_sface


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--config", type=Path, required=True, help="settings of the stage, JSON")
    add("--shards", type=Path, nargs="+", required=True, help="test shards of one scale factor")
    add("--model", type=Path, required=True, help="pretrained weights")
    add("--embeddings", type=Path, nargs="+", required=True, help="fitted z_id, or lists")
    add("--lr-detector", type=Path, required=True, help="its weights, safetensors")
    add("--assets", type=Path, default=assets_folder(), help="folder of asset packages")
    add("--damages", type=Path, required=True, help="table to write, Parquet")
    add("--threads", type=int, default=1, help="CPU threads of the network")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    config = load_stage(args.config, DamagesStage)
    method = load_restorer(config.restore, config.seed, args.model, None)
    device = next(method.model.parameters()).device
    z_ids = load_z_ids(
        listed_files(args.embeddings, ".safetensors"),
        scale_factor=scale_factor_of(args.shards[0]),
        model_digest=method.model_digest,
    )
    table = restore_damaged(
        args.shards,
        method,
        z_ids,
        load_lr_detector(args.lr_detector, device),
        config.search_size,
        load_sface(args.assets, device),
    )
    write_table(table, args.damages, DAMAGES_SCHEMA)
