"""Features of DINOv2 (Oquab et al. 2023), of which DINOv2-FD is made (Stein et al. 2023).

The network is timm's, with the file that the authors published; timm brings the places of its 37 x
37 patches to 16 x 16. Images are brought to 224 px by timm's own transform.
"""

import pickle
from pathlib import Path
from typing import Any, Final, NamedTuple

import timm
import torch
from jaxtyping import Float
from PIL import Image
from timm.data.config import resolve_data_config
from timm.data.transforms_factory import create_transform
from torch import Tensor, nn

from idfsr.errors import IdfsrError
from idfsr.io.weights_list import find_weights
from idfsr.metrics.engine.metric import ImageBatch

WEIGHTS: Final = "hub/checkpoints/dinov2_vitl14_pretrain.pth"
"""Below the folder of published weights."""
ARCHITECTURE: Final = "vit_large_patch14_dinov2.lvd142m"
"""Name in timm."""
IMAGE_SIZE: Final = 224
"""Of the images that the network sees, in pixels (Stein et al. 2023, appendix)."""

_SIGNS_OF_OTHER_CONTENT = (
    RuntimeError, pickle.UnpicklingError, EOFError, LookupError, AttributeError, ValueError,
)  # fmt: skip
"""What timm raises on another file."""


class DinoV2(NamedTuple):
    """The network and what brings an image to it."""

    network: nn.Module
    transform: Any
    """Of a PIL image, made by timm."""


def load_dinov2(weights_dir: Path, device: torch.device, **smaller: int) -> DinoV2:
    """Load the network without a classifier: it gives the class token after the last norm.

    Args:
        weights_dir: Folder of the published weights.
        device: Where to compute.
        smaller: Sizes of a smaller network for the tests, as timm calls them.

    Raises:
        IdfsrError: The file is missing, cut short, or of another network.
    """
    path = find_weights(weights_dir, WEIGHTS, "DINOv2")
    try:
        network = timm.create_model(
            ARCHITECTURE,
            pretrained=True,
            pretrained_cfg_overlay={"file": str(path)},
            img_size=IMAGE_SIZE,
            **smaller,
        )
    except _SIGNS_OF_OTHER_CONTENT as error:
        first = " ".join(str(error).split())[:200] or type(error).__name__
        message = f"{path}: not the weights of DINOv2's ViT-L/14: {first}"
        raise IdfsrError(message) from None
    size = {"input_size": (3, IMAGE_SIZE, IMAGE_SIZE)}
    config = resolve_data_config(size, model=network)
    transform = create_transform(**config)
    return DinoV2(network.eval().to(device), transform)


@torch.inference_mode()
def dinov2_features(loaded: DinoV2, batch: ImageBatch) -> Float[Tensor, "B D"]:
    """Return the features of images, on the network's device.

    Args:
        loaded: Of `load_dinov2`.
        batch: Its whole images are looked at, not the faces.
    """
    images = torch.stack([loaded.transform(Image.fromarray(image)) for image in batch.image])
    features: Tensor = loaded.network(images.to(next(loaded.network.parameters()).device))
    return features
