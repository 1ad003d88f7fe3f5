"""The recogniser of AdaFace (Kim et al. 2022): the residual network of 101 layers of CVLface.

Its blocks are those of `idfsr.models.iresnet` but for the skip path: where the channels stay the
same it takes every second pixel, and has a convolution only where they change. The last
normalisation has no weights. Modules have the places that the published file has them in.
"""

from itertools import pairwise
from pathlib import Path
from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from idfsr.constants import ARCFACE_SIZE, ID_DIM
from idfsr.io.weights_list import find_weights
from idfsr.models.foreign import read_torch_tensors
from idfsr.models.iresnet import IRESNET100, IResNetConfig
from idfsr.models.weights import check_state

WEIGHTS: Final = "adaface_ir101_webface12m/model.pt"
"""Below the folder of published weights."""

_PREFIX: Final = "net."
"""Of every tensor in that file."""


class Block(nn.Module):
    """Two convolutions beside a skip path; the second one halves the resolution."""

    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        self.shortcut_layer: nn.Module = nn.MaxPool2d(1, stride)
        if in_channels != channels:
            self.shortcut_layer = nn.Sequential(
                nn.Conv2d(in_channels, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )
        self.res_layer = nn.Sequential(
            nn.BatchNorm2d(in_channels),
            nn.Conv2d(in_channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.PReLU(channels),
            nn.Conv2d(channels, channels, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B D h w"]:
        """Add the branch to the skip path."""
        branch: Tensor = self.res_layer(x)
        skip: Tensor = self.shortcut_layer(x)
        return branch + skip


class AdaFace(nn.Module):
    """Aligned 112 px face in, embedding out."""

    def __init__(self, config: IResNetConfig = IRESNET100) -> None:
        super().__init__()
        widths = (config.widths[0], *config.widths)
        stem, last = widths[0], widths[-1]
        self.input_layer = nn.Sequential(
            nn.Conv2d(3, stem, 3, padding=1, bias=False), nn.BatchNorm2d(stem), nn.PReLU(stem)
        )
        self.body = nn.Sequential(
            *(
                Block(channels if number else in_channels, channels, 1 if number else 2)
                for (in_channels, channels), depth in zip(
                    pairwise(widths), config.depths, strict=True
                )
                for number in range(depth)
            )
        )
        self.output_layer = nn.Sequential(
            nn.BatchNorm2d(last),
            nn.Identity(),  # dropout while it was trained
            nn.Flatten(),
            nn.Linear(last * (ARCFACE_SIZE // 16) ** 2, ID_DIM),
            nn.BatchNorm1d(ID_DIM, affine=False),
        )

    def forward(self, crops: Float[Tensor, "B 3 112 112"]) -> Float[Tensor, "B 512"]:
        """Embed crops, RGB in [-1, 1]; the embedding is not normalised."""
        embedding: Tensor = self.output_layer(self.body(self.input_layer(crops)))
        return embedding

    def embed(self, crops: Float[Tensor, "B 3 112 112"]) -> Float[Tensor, "B 512"]:
        """Return vectors of length 1."""
        return functional.normalize(self(crops))


def load_adaface(weights_dir: Path, device: torch.device) -> AdaFace:
    """Load the published recogniser.

    Raises:
        IdfsrError: The file is missing, cut short, or of another network.
    """
    path = find_weights(weights_dir, WEIGHTS, "AdaFace, IR-101 of CVLface")
    published = read_torch_tensors(path, "the weights of AdaFace, IR-101 of CVLface")
    state = {name.removeprefix(_PREFIX): tensor for name, tensor in published.items()}
    with torch.device("meta"):
        network = AdaFace()
    check_state(state, network.state_dict(), str(path))
    network.load_state_dict(state, assign=True)
    return network.eval().to(device).to(memory_format=torch.channels_last)
