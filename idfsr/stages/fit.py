"""Fit the ID embedding z_id of one person, everything else frozen.

In the workflow: reads the person's fit images (to learn from) and test images (to watch the loss
on) from a test shard, and a pretrained network; makes the embedding, 512 numbers with the network's
digest, and the loss curves. Killed, the same command fits anew to the same bytes. Several people,
with as many files to write, share the network's passes.

    idfsr fit --config fit.json --model pretrain/model.safetensors \
        --shards shards/x16/test-00000.parquet --identity 00082 \
        --embedding fit/x16/00082/embedding.safetensors --stats fit/x16/00082/stats.jsonl \
        --threads 1

With photographs of your own: reads a folder of photographs of one person, in each of which the
largest face is taken; makes the person's file for `idfsr restore`. It holds the aligned
photographs, which serve as references. The settings are a run's YAML, config/photographs.yaml
unless --config names another.

    idfsr fit --identity-dir photographs/ann --out ann.safetensors
"""

import argparse
import dataclasses
from pathlib import Path

import torch

from idfsr.config.fit import FitStage
from idfsr.config.stage import load_stage
from idfsr.constants import ID_DIM
from idfsr.errors import IdfsrError
from idfsr.io.examples import load_identity
from idfsr.io.files import atomic_path
from idfsr.io.shards import check_id_encoder
from idfsr.io.tables import read_metadata
from idfsr.io.texts import stats_line
from idfsr.methods.embedding import Embedding, save_embedding
from idfsr.models.checkpoint import load_idfsr
from idfsr.models.device import pick_device
from idfsr.models.weights import model_digest
from idfsr.stages.ways import check_arguments, photographs
from idfsr.training.fit import fit_identities


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "--config", type=Path, help="settings: of the stage (JSON), or a run's YAML"
    )
    parser.add_argument("--threads", type=int, default=1, help="of the network")
    stage = parser.add_argument_group("in the workflow")
    stage.add_argument("--model", type=Path, help="pretrained weights")
    stage.add_argument(
        "--shards", type=Path, nargs="+", help="test shards with the person, Parquet"
    )
    stage.add_argument("--identity", nargs="+", help="the person's name, or several people's")
    stage.add_argument("--embedding", type=Path, nargs="+", help="safetensors to write, one each")
    stage.add_argument("--stats", type=Path, nargs="+", help="JSON lines to write, one each")
    own = parser.add_argument_group("photographs of your own")
    own.add_argument("--identity-dir", type=Path, help="folder of photographs of one person")
    own.add_argument("--out", type=Path, help="person to write, safetensors")
    own.add_argument(
        "--assets", type=Path, default=Path(".assets"), help="folder of asset packages"
    )


STAGE_ARGUMENTS = ("model", "shards", "identity", "embedding", "stats")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    if args.identity_dir is not None:
        check_arguments(args, ["out"], STAGE_ARGUMENTS, "a fit of --identity-dir")
        photographs("fit_photographs")(args)
    else:
        needed = ["config", *STAGE_ARGUMENTS]
        check_arguments(args, needed, ["out"], "a fit without --identity-dir")
        fit_stage(args)


def fit_stage(args: argparse.Namespace) -> None:
    """Fit people of the workflow, all at once."""
    for name in ("embedding", "stats"):
        num_files, num_people = len(getattr(args, name)), len(args.identity)
        if num_files != num_people:
            message = f"--{name}: found {num_files} files for {num_people} people, wanted one each"
            raise IdfsrError(message)
    torch.set_num_threads(args.threads)
    config = load_stage(args.config, FitStage)
    model = load_idfsr(args.model, pick_device())
    check_id_encoder(args.shards, model.id_encoder)
    base = Embedding(
        z_id=torch.zeros(ID_DIM),
        identity="",
        scale_factor=int(read_metadata(args.shards[0])["scale_factor"]),
        model_digest=model_digest(args.model),
        config=dataclasses.asdict(config.fit),
    )
    people = [
        (
            load_identity(args.shards, identity, "fit", config.fit.num_images),
            load_identity(args.shards, identity, "test"),
        )
        for identity in args.identity
    ]
    results = fit_identities(model, people, config.fit, config.seed)
    for identity, embedding, stats, result in zip(
        args.identity, args.embedding, args.stats, results, strict=True
    ):
        fitted = dataclasses.replace(base, z_id=result.z_id, identity=identity)
        save_embedding(embedding, fitted)
        with atomic_path(stats) as temporary:
            lines = "".join(map(stats_line, result.records()))
            temporary.write_text(lines, encoding="utf-8")
