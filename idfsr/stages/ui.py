"""Try it on a page: photographs of a person and a small photograph in, a slider out.

Serves the page to this machine alone, until it is interrupted. Needs the extra:
pip install 'idfsr[ui]'.

    idfsr ui --port 7860
"""

import argparse
from pathlib import Path

import torch

from idfsr.io.places import assets_folder, locate
from idfsr.models.device import pick_device
from idfsr.photographs.networks import CONFIG, load_photograph_networks
from idfsr.photographs.page import make_page, serve
from idfsr.run.config import load_config


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("--port", type=int, default=7860, help="where to listen (default: %(default)s)")
    add("--config", type=Path, default=CONFIG, help="settings, YAML (default: %(default)s)")
    add("--assets", type=Path, default=assets_folder(), help="folder of asset packages")
    add("--threads", type=int, default=1, help="CPU threads of the network")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    loaded = load_photograph_networks(load_config(locate(args.config)), args.assets, pick_device())
    page = make_page(loaded)
    print(f"{serve(page, args.port)} (end with Ctrl-C)", flush=True)
    page.block_thread()
