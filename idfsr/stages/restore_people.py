r"""Restore the test images of test people with one method.

Reads test shards and, for the methods of IDFSR, weights and fitted embeddings, for the others
published weights (see `idfsr weights list`). Makes for each person a table with a PNG for each test
image, or the reason why a method could not restore it, and a record of what the table was made of.
A person whose record says that nothing has changed is left as they are. Random numbers are seeded
by the image, so that no result depends on the batch.

    idfsr restore-people --config restore.json --method idfsr-ft \
        --shards shards/x16/test-00000.parquet --identities 00007 00082 --code 5f0c \
        --model pretrain/model.safetensors --fits-dir fit/x16 \
        --restored-dir restored/x16/idfsr-ft --list restored/x16/idfsr-ft/batch-00000.tsv
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch

from idfsr.config.restore import RestoreStage
from idfsr.config.stage import load_stage
from idfsr.errors import IdfsrError
from idfsr.io.digests import file_digest
from idfsr.io.file_lists import write_list
from idfsr.io.made import Made, digest_files, digest_shards, make_people
from idfsr.io.shards import check_id_encoder, scale_factor_of
from idfsr.io.tables import write_table
from idfsr.io.weights_list import MANIFEST
from idfsr.methods.engine.contract import Restorer
from idfsr.methods.engine.registry import declare_folder, find_method, load_method
from idfsr.methods.engine.restore import RESTORED_SCHEMA, load_needed, restore_identity
from idfsr.models.weights import model_digest


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--config", type=Path, required=True, help="settings of the stage, JSON")
    add("--method", required=True, help="name as in the tables")
    add("--shards", type=Path, nargs="+", required=True, help="test shards with the people")
    add("--identities", nargs="+", required=True, help="the people's names")
    add("--code", required=True, help="digest of this command's code, for the records")
    add("--model", type=Path, help="pretrained weights, for the methods of IDFSR")
    add("--fits-dir", type=Path, help="folder of the people's folders of fits, for idfsr-ft")
    add("--weights-list", type=Path, default=MANIFEST, help="list of the baselines' weights")
    add("--weights", type=Path, nargs="*", default=[], help="those of the method, for the records")
    add("--images", default="", help="digest of the images of a method's folder, for the records")
    add("--restored-dir", type=Path, required=True, help="folder of the tables to write, Parquet")
    add("--list", type=Path, help="list of the tables to write, TSV")
    add("--threads", type=int, default=1, help="CPU threads of the network")


def check_arguments(args: argparse.Namespace) -> None:
    """Check that a method has the files of the run that it uses.

    Raises:
        IdfsrError: It has not.
    """
    run_files = find_method(args.method).run_files
    if "model" in run_files and args.model is None:
        message = f"{args.method}: found no weights, wanted --model FILE"
        raise IdfsrError(message)
    if "embedding" in run_files and args.fits_dir is None:
        message = f"{args.method}: found no embeddings, wanted --fits-dir FOLDER"
        raise IdfsrError(message)


def embedding_of(args: argparse.Namespace, identity: str) -> Path | None:
    """Return the fitted embedding of a person, where the method uses one."""
    if "embedding" not in find_method(args.method).run_files:
        return None
    path: Path = args.fits_dir / identity / "embedding.safetensors"
    return path


def wanted_people(args: argparse.Namespace, precision: str) -> dict[str, Made]:
    """Return for each person the table to make and the digests of what it is made of.

    The precision of IDFSR's networks is in the settings' digest, and named for those who read.
    """
    shards = digest_shards(args.shards, args.identities)
    sources = {
        "settings": file_digest(args.config),
        "code": args.code,
        "method": args.method,
        "weights": digest_files(args.weights),
    }
    if args.images:
        sources["images"] = args.images
    if args.model is not None:
        sources["model"] = model_digest(args.model)
        sources["precision"] = precision
    wanted = {}
    for identity in args.identities:
        embedding = embedding_of(args, identity)
        own = {"shards": shards[identity]}
        if embedding is not None and embedding.is_file():
            own["embedding"] = file_digest(embedding)
        wanted[identity] = Made(
            record=args.restored_dir / f"{identity}.made.json",
            files=(args.restored_dir / f"{identity}.parquet",),
            sources=sources | own,
        )
    return wanted


def prepare_method(
    args: argparse.Namespace, config: RestoreStage, scale_factor: int
) -> Callable[[str], Restorer]:
    """Load what a method needs, and return what gives it ready for a person.

    Raises:
        IdfsrError: A file is missing or not what it should be.
    """
    restorer = load_method(
        args.method,
        config,
        scale_factor=scale_factor,
        weights_list=args.weights_list,
        model=args.model,
    )
    if restorer.id_encoder is not None:
        check_id_encoder(args.shards, restorer.id_encoder)

    def for_person(identity: str) -> Restorer:
        path = embedding_of(args, identity)
        return restorer if path is None else restorer.fitted(path, identity, scale_factor)

    return for_person


def prepare_restorations(
    args: argparse.Namespace, config: RestoreStage, wanted: Mapping[str, Made]
) -> Callable[[Sequence[str]], None]:
    """Load what the method needs, and return what restores a person's images and writes the table.

    Raises:
        IdfsrError: A file is missing or not what it should be.
    """
    scale_factor = scale_factor_of(args.shards[0])
    method, restorer_for = find_method(args.method), prepare_method(args, config, scale_factor)

    def restore(group: Sequence[str]) -> None:
        (identity,) = group
        restorer = restorer_for(identity)
        examples = load_needed(args.shards, identity, method, restorer, config.num_fit_images)
        table = restore_identity(
            method,
            restorer,
            examples,
            identity,
            scale_factor,
            config.restore.batch_size,
        )
        (path,) = wanted[identity].files
        write_table(table, path, RESTORED_SCHEMA)

    return restore


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    config = load_stage(args.config, RestoreStage)
    declare_folder(args.method, config.method)
    check_arguments(args)
    wanted = wanted_people(args, config.restore.precision)
    make_people(wanted, 1, lambda: prepare_restorations(args, config, wanted))
    if args.list is not None:
        write_list(args.list, [path for made in wanted.values() for path in made.files])
