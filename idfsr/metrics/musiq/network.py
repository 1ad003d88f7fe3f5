"""MUSIQ, an image quality score without a reference (Ke et al. 2021), trained on KonIQ-10k.

The network is pyiqa's `musiq`: patches of the image as it is and of two copies of 224 and 384 px,
through a transformer.
"""

from pathlib import Path
from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from idfsr.io.weights_list import find_weights
from idfsr.models.foreign import read_torch_tensors
from idfsr.models.weights import check_state

WEIGHTS: Final = "hub/pyiqa/musiq_koniq_ckpt-e95806b9.pth"
"""Below the folder of published weights."""


def load_musiq(weights_dir: Path, device: torch.device) -> nn.Module:
    """Load the network.

    Raises:
        IdfsrError: The file is missing, cut short, or of another network.
    """
    path = find_weights(weights_dir, WEIGHTS, "MUSIQ for KonIQ-10k")
    state = read_torch_tensors(path, "the weights of MUSIQ for KonIQ-10k")
    from pyiqa.archs.musiq_arch import MUSIQ  # slow, and reads $TORCH_HOME

    network: nn.Module = MUSIQ(pretrained=False)
    check_state(state, network.state_dict(), str(path))
    network.load_state_dict(state)
    return network.eval().to(device)


@torch.inference_mode()
def musiq(network: nn.Module, images: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B"]:
    """Return the predicted mean opinion of each image.

    Args:
        network: Of `load_musiq`.
        images: In [0, 1].

    Returns:
        About 0 to 100, higher is better; float64, on the network's device.
    """
    like = next(network.parameters())
    # One by one: the patches of a single image fill a CPU, those of eight take 1.6 times the time
    # an image, for they leave the cache.
    scores = [network(image) for image in torch.split(images.to(like), 1)]
    return torch.cat(scores)[:, 0].double()
