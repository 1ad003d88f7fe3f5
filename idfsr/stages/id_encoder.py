r"""Make the ID encoder of the embedded default from dlib's published recogniser.

Reads dlib's file and aligned crops of many people; makes the same network, whose descriptors lack
their mean over these crops, with 16-bit weights. What is common to all faces is then no part of
z_id. `idfsr weights list` says where dlib's file is to be had.

    idfsr id-encoder --published weights/dlib/dlib_face_recognition_resnet_model_v1.dat \
        --crops crops.parquet --weights id_encoder.safetensors --threads 2
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from idfsr.io.files import atomic_path
from idfsr.io.id_encoders import DLIB_NAME
from idfsr.io.tensors import to_network
from idfsr.models.device import pick_device
from idfsr.models.dlib_resnet import read_published
from idfsr.models.weights import save_weights
from idfsr.training.networks.crops import read_crops

BATCH_SIZE = 64


def register(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--published", type=Path, required=True, help="dlib's file")
    parser.add_argument("--crops", type=Path, required=True, help="table of `idfsr crops`")
    parser.add_argument("--weights", type=Path, required=True, help="safetensors to write")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")


@torch.no_grad()
def run(args: argparse.Namespace) -> None:
    """Run the command."""
    torch.set_num_threads(args.threads)
    device = pick_device()
    network = read_published(args.published).half().float().eval().to(device)
    pixels = read_crops(args.crops).pixels
    total: Tensor = torch.zeros_like(network.mean)
    for start in tqdm(range(0, len(pixels), BATCH_SIZE), desc="id-encoder", unit="batch"):
        crops = to_network(pixels[start : start + BATCH_SIZE]).to(device)
        total += network(crops).sum(0)
    network.mean.copy_(total / len(pixels))
    with atomic_path(args.weights) as temporary:
        save_weights(temporary, network.half(), {DLIB_NAME: "{}"})
