r"""Restore test images with one condition of IDFSR exchanged or left out, and measure them.

Reads test shards of one scale factor, the weights and every person's fitted embedding; makes a
table with a row for each image and probe: PSNR, identity distance to the ground truth, and to
another person, whose z_id one of the probes takes; and a table with the restored images.

    idfsr probes --config probes.json --shards shards/x16/test-00000.parquet \
        --model pretrain/model.safetensors --embeddings fit/x16/*/embedding.safetensors \
        --assets .assets --probes probes/x16.parquet --images probes/x16-images.parquet
"""

import argparse
from pathlib import Path

import torch

from idfsr.config.probes import ProbesStage
from idfsr.config.stage import load_stage
from idfsr.experiments.probes import PROBE_IMAGES_SCHEMA, PROBES_SCHEMA, measure_probes
from idfsr.io.file_lists import listed_files
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
    add("--assets", type=Path, required=True, help="folder of the asset packages")
    add("--probes", type=Path, required=True, help="table to write, Parquet")
    add("--images", type=Path, required=True, help="restored images to write, Parquet")
    add("--threads", type=int, default=1, help="CPU threads of the network")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    config = load_stage(args.config, ProbesStage)
    scale_factor = scale_factor_of(args.shards[0])
    method = load_restorer(config.restore, config.seed, args.model, None)
    z_ids = load_z_ids(
        listed_files(args.embeddings, ".safetensors"),
        scale_factor=scale_factor,
        model_digest=method.model_digest,
    )
    table = measure_probes(
        args.shards,
        method,
        z_ids,
        scale_factor,
        config.probes.num_images,
        load_sface(args.assets, next(method.model.parameters()).device),
    )
    write_table(table, args.probes, PROBES_SCHEMA)
    write_table(table, args.images, PROBE_IMAGES_SCHEMA)
