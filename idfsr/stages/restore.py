"""Restore the test images of one person with one method, or photographs of your own.

In the workflow: reads a test shard and, for the methods of IDFSR, weights and a fitted embedding,
for the others published weights (see `idfsr weights list`); makes a table with a PNG for each test
image, or the reason why a method could not restore it. Random numbers are seeded by the image, so
that no result depends on the batch.

    idfsr restore --config restore.json --method idfsr-ft --shards shards/x16/test-00000.parquet \
        --identity 00082 --model pretrain/model.safetensors \
        --embedding fit/x16/00082/embedding.safetensors \
        --restored restored/x16/idfsr-ft/00082.parquet --threads 1

With photographs of your own: reads whole photographs and a person of `idfsr fit --identity-dir`;
makes a PNG for each, in which the face most like the person's is restored and pasted back. The
settings are a run's YAML, config/photographs.yaml unless --config names another. Photographs in
which nothing can be restored are named at the end, with status 2; the others are done.

    idfsr restore --embedding ann.safetensors --scale 16 old/*.jpg --out restored
"""

import argparse
from pathlib import Path
from typing import get_args

import torch

from idfsr.config.restore import RestoreStage
from idfsr.config.stage import load_stage
from idfsr.config.types import ScaleFactor
from idfsr.io.examples import load_identity, load_ref_images
from idfsr.io.shards import check_id_encoder
from idfsr.io.tables import read_metadata, write_table
from idfsr.io.weights_list import MANIFEST
from idfsr.methods.engine.registry import find_method, load_method
from idfsr.methods.engine.restore import RESTORED_SCHEMA, restore_identity
from idfsr.stages.ways import check_arguments, photographs


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--config", type=Path, help="settings: of the stage (JSON), or a run's YAML")
    add("--embedding", type=Path, help="fitted embedding, for idfsr-ft; or the person's file")
    add("--threads", type=int, default=1, help="of the network")
    stage = parser.add_argument_group("in the workflow").add_argument
    stage("--method", help="name as in the tables")
    stage("--shards", type=Path, nargs="+", help="test shards with the person, Parquet")
    stage("--identity", help="the person's name")
    stage("--model", type=Path, help="pretrained weights, for idfsr-pt and idfsr-ft")
    stage("--weights-list", type=Path, default=MANIFEST, help="list of the baselines' weights")
    stage("--restored", type=Path, help="table to write, Parquet")
    own = parser.add_argument_group("photographs of your own").add_argument
    own("images", type=Path, nargs="*", metavar="IN", help="photographs")
    own("--scale", type=int, choices=get_args(ScaleFactor), help="what the face has lost")
    own("--out", type=Path, help="folder to write to")
    own("--all-faces", action="store_true", help="restore every face as this person")
    own("--assets", type=Path, default=Path(".assets"), help="folder of asset packages")


STAGE_ARGUMENTS = ("method", "shards", "identity", "restored")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    if args.images:
        check_arguments(
            args,
            ["embedding", "scale", "out"],
            [*STAGE_ARGUMENTS, "model"],
            "restoring photographs",
        )
        photographs("restore_photographs")(args)
    else:
        check_arguments(
            args, ["config", *STAGE_ARGUMENTS], ["scale", "out"], "restoring without photographs"
        )
        restore_stage(args)


def restore_stage(args: argparse.Namespace) -> None:
    """Restore the test images of a person of the workflow."""
    torch.set_num_threads(args.threads)
    config = load_stage(args.config, RestoreStage)
    examples = load_identity(args.shards, args.identity, "test")
    scale_factor = int(read_metadata(args.shards[0])["scale_factor"])
    method = find_method(args.method)
    restorer = load_method(
        args.method,
        config,
        identity=args.identity,
        scale_factor=scale_factor,
        weights_list=args.weights_list,
        run_files={"model": args.model, "embedding": args.embedding},
    )
    if restorer.id_encoder is not None:
        check_id_encoder(args.shards, restorer.id_encoder)
    if "ref_image" in method.needs:
        examples["ref_image"] = load_ref_images(args.shards, args.identity, "test")
    table = restore_identity(
        method, restorer, examples, args.identity, scale_factor, config.restore.batch_size
    )
    write_table(table, args.restored, RESTORED_SCHEMA)
