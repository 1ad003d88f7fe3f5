"""Restore the face of a person in photographs of your own.

Reads whole photographs and a person of `idfsr fit`; makes a PNG for each photograph, in which the
face most like the person's is restored and pasted back. Photographs in which nothing can be
restored are named at the end, with status 2; the others are done.

    idfsr restore --embedding ann.safetensors --scale 16 old/*.jpg --out restored
"""

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import get_args

import torch

from idfsr.config.types import ScaleFactor
from idfsr.errors import IdfsrError
from idfsr.io.files import atomic_path
from idfsr.io.images import encode_png
from idfsr.io.places import assets_folder, locate
from idfsr.models.device import pick_device
from idfsr.photographs.networks import CONFIG, load_photograph_networks
from idfsr.photographs.person import load_person
from idfsr.photographs.restore import restore_photograph
from idfsr.run.config import load_config


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("images", type=Path, nargs="+", metavar="IN", help="photographs to restore")
    add("--embedding", type=Path, required=True, help="the person's file")
    add(
        "--scale", type=int, choices=get_args(ScaleFactor), required=True,
        help="how many times too small",
    )  # fmt: skip
    add("--out", type=Path, required=True, help="folder to write to")
    add("--all-faces", action="store_true", help="restore every face as this person")
    add("--config", type=Path, default=CONFIG, help="settings, YAML (default: %(default)s)")
    add("--assets", type=Path, default=assets_folder(), help="folder of asset packages")
    add("--threads", type=int, default=1, help="CPU threads of the network")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    names = Counter(path.stem for path in args.images)
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        message = (
            f"{args.out / twice[0]}.png: {names[twice[0]]} photographs have that name, wanted 1"
        )
        raise IdfsrError(message)
    torch.set_num_threads(args.threads)
    loaded = load_photograph_networks(load_config(locate(args.config)), args.assets, pick_device())
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
