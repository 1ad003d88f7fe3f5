"""Features of pytorch-fid's InceptionV3, of which FID and KID are made.

The network is the one that FID was defined with (Heusel et al. 2017), as pytorch-fid has brought it
to PyTorch: torchvision's Inception with other pooling and other weights.
"""

from pathlib import Path
from typing import Final
from unittest.mock import patch

import torch
from jaxtyping import Float
from pytorch_fid import inception
from torch import Tensor, nn

from idfsr.errors import IdfsrError
from idfsr.io.weights_list import find_weights
from idfsr.models.foreign import read_torch_tensors

WEIGHTS: Final = "hub/checkpoints/pt_inception-2015-12-05-6726825d.pth"
"""Below the folder of published weights."""


def load_inception(weights_dir: Path, device: torch.device) -> nn.Module:
    """Load the network up to its last pooling, which pytorch-fid calls dims=2048.

    Raises:
        IdfsrError: The file is missing, cut short, or of another network.
    """
    path = find_weights(weights_dir, WEIGHTS, "pytorch-fid's Inception")
    state = read_torch_tensors(path, "the weights of pytorch-fid's Inception")
    try:
        # The constructor asks for an address and would download what it does not find. The file
        # lacks counters of the batch norms that newer networks have; load_state_dict knows that.
        with patch.object(inception, "load_state_dict_from_url", lambda *_, **__: state):
            network: nn.Module = inception.InceptionV3()
    except RuntimeError as error:
        first = " ".join(str(error).split())[:200]
        message = f"{path}: not the weights of pytorch-fid's Inception: {first}"
        raise IdfsrError(message) from None
    return network.eval().to(device).to(memory_format=torch.channels_last)


@torch.inference_mode()
def inception_features(
    network: nn.Module, images: Float[Tensor, "B 3 H W"]
) -> Float[Tensor, "B 2048"]:
    """Return the features that pytorch-fid makes its statistics of.

    The network itself brings the images to 299 x 299 px, bilinearly and without a filter against
    aliasing, and to [-1, 1].

    Args:
        network: Of `load_inception`.
        images: In [0, 1].

    Returns:
        Float64, on the network's device; the network computes in float32.
    """
    pooled: Tensor = network(images.to(next(network.parameters())))[0]
    return pooled[:, :, 0, 0].double()
