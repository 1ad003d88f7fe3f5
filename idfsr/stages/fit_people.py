r"""Fit the ID embedding z_id of test people, everything else frozen.

Reads their fit images (to learn from) and test images (to watch the loss on) from test shards, and
a pretrained network. Makes in a folder for each person the embedding, with the
network's digest, the loss curves, and a record of what these were made of. A person whose record
says that nothing has changed is left as they are. Killed, the same command goes on with the others
and ends with the same bytes. `fit.identities_at_once` people share the network's passes.

    idfsr fit-people --config fit.json --model pretrain/model.safetensors \
        --shards shards/x16/test-00000.parquet --identities 00007 00082 --code 5f0c \
        --fits-dir fit/x16 --list fit/x16/batch-00000.tsv --threads 1
"""

import argparse
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch

from idfsr.config.fit import FitStage
from idfsr.config.stage import load_stage
from idfsr.io.digests import file_digest
from idfsr.io.examples import load_identity
from idfsr.io.file_lists import write_list
from idfsr.io.files import atomic_path
from idfsr.io.made import Made, digest_shards, make_people
from idfsr.io.shards import check_id_encoder, scale_factor_of
from idfsr.io.texts import stats_line
from idfsr.methods.engine.embedding import Embedding, save_embedding
from idfsr.models.checkpoint import load_idfsr
from idfsr.models.device import pick_device
from idfsr.models.weights import model_digest
from idfsr.training.fit import fit_identities

FILES = ("embedding.safetensors", "stats.jsonl")
"""Of each person; beside them stands the record, made.json."""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--config", type=Path, required=True, help="settings of the stage, JSON")
    add("--model", type=Path, required=True, help="pretrained weights")
    add("--shards", type=Path, nargs="+", required=True, help="test shards with the people")
    add("--identities", nargs="+", required=True, help="the people's names")
    add("--code", required=True, help="digest of this command's code, for the records")
    add("--fits-dir", type=Path, required=True, help="folder of the people's folders to write")
    add("--list", type=Path, help="list of the files to write, TSV")
    add("--threads", type=int, default=1, help="CPU threads of the network")


def wanted_people(args: argparse.Namespace) -> dict[str, Made]:
    """Return for each person the files to make and the digests of what they are made of."""
    shards = digest_shards(args.shards, args.identities)
    sources = {
        "settings": file_digest(args.config),
        "code": args.code,
        "model": model_digest(args.model),
    }
    return {
        identity: Made(
            record=args.fits_dir / identity / "made.json",
            files=tuple(args.fits_dir / identity / name for name in FILES),
            sources=sources | {"shards": shards[identity]},
        )
        for identity in args.identities
    }


def prepare_fits(
    args: argparse.Namespace, config: FitStage, wanted: Mapping[str, Made]
) -> Callable[[Sequence[str]], None]:
    """Load the network, and return what fits a group of people and writes their files.

    Raises:
        IdfsrError: The network is not what it should be, or the shards are of another ID encoder.
    """
    model = load_idfsr(args.model, pick_device())
    check_id_encoder(args.shards, model.id_encoder)
    base = Embedding(
        z_id=torch.zeros(model.config.id_dim),
        identity="",
        scale_factor=scale_factor_of(args.shards[0]),
        model_digest=model_digest(args.model),
        config=dataclasses.asdict(config.fit),
    )

    def fit(group: Sequence[str]) -> None:
        people = [
            (
                load_identity(args.shards, identity, "fit", config.fit.num_images),
                load_identity(args.shards, identity, "test"),
            )
            for identity in group
        ]
        results = fit_identities(model, people, config.fit, config.seed)
        for identity, result in zip(group, results, strict=True):
            embedding, stats = wanted[identity].files
            fitted = dataclasses.replace(base, z_id=result.z_id, identity=identity)
            save_embedding(embedding, fitted)
            with atomic_path(stats) as temporary:
                lines = "".join(map(stats_line, result.records()))
                temporary.write_text(lines, encoding="utf-8")

    return fit


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    config = load_stage(args.config, FitStage)
    wanted = wanted_people(args)
    make_people(wanted, config.fit.identities_at_once, lambda: prepare_fits(args, config, wanted))
    if args.list is not None:
        write_list(args.list, [path for made in wanted.values() for path in made.files])
