"""Fit a person to a folder of photographs of your own.

Reads a folder of photographs, an album as it is: the person is the one who is in the most of them,
and it is said of each photograph whether it is taken, and why not. Makes the person's file for
`idfsr restore`, which also holds the aligned faces, for they serve as references. At the end stands
at which sizes of a face restoring helps, tried on photographs that were kept out of a fit.

    idfsr fit --identity-dir photographs/ann --out ann.safetensors
"""

import argparse
from pathlib import Path

import torch

from idfsr.io.places import assets_folder, locate
from idfsr.models.device import pick_device
from idfsr.photographs.fit import fit_person
from idfsr.photographs.networks import CONFIG, load_photograph_networks
from idfsr.photographs.outputs import check_writable
from idfsr.photographs.person import save_person
from idfsr.run.config import load_config


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--identity-dir", type=Path, required=True, help="folder of photographs of a person")
    add("--out", type=Path, required=True, help="person to write, safetensors")
    add("--config", type=Path, default=CONFIG, help="settings, YAML (default: %(default)s)")
    add("--assets", type=Path, default=assets_folder(), help="folder of asset packages")
    add("--threads", type=int, default=1, help="CPU threads of the network")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    check_writable(args.out)
    torch.set_num_threads(args.threads)
    loaded = load_photograph_networks(load_config(locate(args.config)), args.assets, pick_device())
    person, result = fit_person(args.identity_dir, loaded)
    save_person(args.out, person)
    before, *_, after = result.held_out.values()
    print(
        f"{args.out}: {person.name}, {len(person.ref_images)} photographs, "
        f"loss {before:.4f} before the fit, {after:.4f} after it"
    )
    print("tried on photographs that were kept out of a fit:")
    for trial in person.trials:
        print(f"  {trial.describe()}")
    if not any(trial.helps for trial in person.trials):
        print("with these weights restoring helps at no size of a face")
