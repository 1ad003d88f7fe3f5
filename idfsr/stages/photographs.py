"""Your own photographs: what `idfsr fit` and `idfsr restore` do outside the workflow."""

import argparse
import sys
from collections import Counter
from pathlib import Path

import torch

from idfsr.errors import IdfsrError
from idfsr.io.files import atomic_path
from idfsr.io.images import encode_png
from idfsr.models.device import pick_device
from idfsr.photographs.fit import fit_person
from idfsr.photographs.networks import PhotographNetworks, load_photograph_networks
from idfsr.photographs.person import load_person, save_person
from idfsr.photographs.restore import restore_photograph
from idfsr.run.config import load_config

CONFIG = Path("config/photographs.yaml")


def open_studio_of(args: argparse.Namespace) -> PhotographNetworks:
    """Load the networks that the settings name."""
    torch.set_num_threads(args.threads)
    config = load_config(args.config or CONFIG)
    return load_photograph_networks(config, args.assets, pick_device())


def fit_photographs(args: argparse.Namespace) -> None:
    """Fit a person to a folder of photographs."""
    person, result = fit_person(args.identity_dir, open_studio_of(args))
    save_person(args.out, person)
    before, *_, after = result.held_out.values()
    print(
        f"{args.out}: {person.name}, {len(person.ref_images)} photographs, "
        f"loss {before:.4f} before the fit, {after:.4f} after it"
    )


def restore_photographs(args: argparse.Namespace) -> None:
    """Restore whole photographs."""
    names = Counter(path.stem for path in args.images)
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        message = (
            f"{args.out / twice[0]}.png: {names[twice[0]]} photographs have that name, wanted 1"
        )
        raise IdfsrError(message)
    loaded = open_studio_of(args)
    person = load_person(
        args.embedding, model_digest=loaded.model_digest, id_encoder=loaded.id_encoder
    )
    problems = []
    for path in args.images:
        try:
            done = restore_photograph(path, person, loaded, args.scale, all_faces=args.all_faces)
        except IdfsrError as error:
            problems.append(str(error))
            continue
        target = args.out / f"{path.stem}.png"
        with atomic_path(target) as temporary:
            temporary.write_bytes(encode_png(done.image))
        best = done.similarities[list(done.chosen)].max()
        print(
            f"{target}: {len(done.chosen)} of {done.num_faces} faces restored, "
            f"similarity {best:.2f}, enlarged x{done.enlarged}"
        )
    if problems:
        others = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        for problem in problems[1:]:
            print(problem, file=sys.stderr)
        raise IdfsrError(problems[0] + others)
