"""A network that enlarges the whole photograph, in the place of the bicubic filter."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from idfsr.errors import IdfsrError
from idfsr.io.images import resize
from idfsr.io.tensors import from_network
from idfsr.metrics.engine.unit_range import to_unit
from idfsr.models.foreign import read_torch_file
from idfsr.models.published import OWN_SUFFIX
from idfsr.models.weights import read_tensors

TILE, MARGIN = 192, 16
"""Side of the parts that the network sees one at a time, and what it sees around each; pixels."""


@runtime_checkable
class Enlarger(Protocol):
    """What spandrel says of a network for super-resolution."""

    scale: int

    def __call__(self, image: Tensor) -> Tensor:
        """Enlarge images in [0, 1]."""


def load_enlarger(path: Path, device: torch.device) -> Enlarger:
    """Load a network for super-resolution of any architecture that spandrel knows.

    Args:
        path: Its file, e.g. of Real-ESRGAN, of PyTorch or safetensors. What could run in it,
            TorchScript too, is refused.
        device: Where to compute.

    Raises:
        IdfsrError: spandrel is not installed, or the file is no such network for colours.
    """
    if find_spec("spandrel") is None:
        message = "--background: no package spandrel, wanted from pip install 'idfsr[spandrel]'"
        raise IdfsrError(message)
    spandrel = import_module("spandrel")
    wanted = "a network for super-resolution of colours"
    state = read_tensors(path) if path.suffix == OWN_SUFFIX else read_torch_file(path, wanted)
    try:
        model = spandrel.ModelLoader(device).load_from_state_dict(
            spandrel.canonicalize_state_dict(state)
        )
    except spandrel.UnsupportedModelError:
        message = f"{path}: found an architecture that spandrel does not know, wanted {wanted}"
        raise IdfsrError(message) from None
    if model.purpose != "SR" or (model.input_channels, model.output_channels) != (3, 3):
        message = (
            f"{path}: found {model.architecture.name} ({model.purpose}) from "
            f"{model.input_channels} to {model.output_channels} channels, wanted {wanted}"
        )
        raise IdfsrError(message)
    model.model.requires_grad_(False)
    enlarger: Enlarger = model.eval()
    return enlarger


@torch.inference_mode()
def enlarge(
    image: UInt8[np.ndarray, "H W 3"], factor: int, enlarger: Enlarger, device: torch.device
) -> UInt8[np.ndarray, "height width 3"]:
    """Enlarge a photograph by a whole factor, a tile after the other.

    Args:
        image: RGB.
        factor: Wanted; the network's own is brought to it by the bicubic filter.
        enlarger: The network.
        device: Where it computes.
    """
    scale = enlarger.scale
    height, width, _ = image.shape
    large = np.empty((height * scale, width * scale, 3), np.uint8)
    padded = np.pad(image, ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), "edge")
    for y in range(0, height, TILE):
        for x in range(0, width, TILE):
            tile = padded[y : y + TILE + 2 * MARGIN, x : x + TILE + 2 * MARGIN]
            result: Float[Tensor, "1 3 h w"] = enlarger(to_unit(tile[None]).float().to(device))
            values = from_network(2 * result.clamp(0, 1) - 1)[0]
            inner = values[MARGIN * scale : -MARGIN * scale, MARGIN * scale : -MARGIN * scale]
            place = (slice(y * scale, (y + TILE) * scale), slice(x * scale, (x + TILE) * scale))
            large[place] = inner
    return large if scale == factor else resize(large, (height * factor, width * factor), "bicubic")
