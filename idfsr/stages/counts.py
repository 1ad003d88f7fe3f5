r"""Restore the test images with z_id of a few photographs of each person.

Reads test shards of one scale factor and a pretrained network. Fits z_id to the first few fit
images of each test person, and makes two tables of restored images: with the fitted z_id, and with
the mean z_id of the same few.

    idfsr counts --config counts.json --shards shards/x16/test-00000.parquet \
        --model pretrain/model.safetensors --num-photographs 5 \
        --mean counts/5/idfsr-mean.parquet --fitted counts/5/idfsr-ft.parquet --threads 1
"""

import argparse
from pathlib import Path

import torch

from idfsr.config.figures import CountsStage
from idfsr.config.stage import load_stage
from idfsr.errors import IdfsrError
from idfsr.experiments.counts import FITTED, MEAN, restore_with_few
from idfsr.io.shards import check_id_encoder, scale_factor_of
from idfsr.io.tables import write_table
from idfsr.methods.engine.restore import RESTORED_SCHEMA
from idfsr.methods.idfsr.restore import load_restorer
from idfsr.models.checkpoint import load_idfsr
from idfsr.models.device import pick_device


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--config", type=Path, required=True, help="settings of the stage, JSON")
    add("--shards", type=Path, nargs="+", required=True, help="test shards of one scale factor")
    add("--model", type=Path, required=True, help="pretrained weights")
    add("--num-photographs", type=int, required=True, help="fit images of each person")
    add("--mean", type=Path, required=True, help="images with the mean z_id to write, Parquet")
    add("--fitted", type=Path, required=True, help="images with the fitted z_id to write, Parquet")
    add("--threads", type=int, default=1, help="CPU threads of the network")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    config = load_stage(args.config, CountsStage)
    if args.num_photographs not in (known := config.counts.num_photographs):
        message = (
            f"--num-photographs: found {args.num_photographs}, wanted one of "
            f"counts.num_photographs, {list(known)}"
        )
        raise IdfsrError(message)
    model = load_idfsr(args.model, pick_device())
    check_id_encoder(args.shards, model.id_encoder)
    restorer = load_restorer(config.restore, config.seed, args.model, None)
    tables = restore_with_few(
        args.shards,
        model,
        restorer,
        config,
        args.num_photographs,
        scale_factor_of(args.shards[0]),
    )
    write_table(tables[MEAN], args.mean, RESTORED_SCHEMA)
    write_table(tables[FITTED], args.fitted, RESTORED_SCHEMA)
