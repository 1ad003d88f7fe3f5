"""LPIPS, the perceptual distance of Zhang et al. (2018), with AlexNet, version 0.1.

Everything is the package `lpips`, whose wheel holds the weights of the channels. Those of AlexNet
are torchvision's, which the package would download.
"""

import warnings
from pathlib import Path
from typing import Final

import lpips
import torch
from jaxtyping import Float
from torch import Tensor, nn

from idfsr.io.weights_list import find_weights
from idfsr.models.foreign import read_torch_tensors
from idfsr.models.weights import check_state

WEIGHTS: Final = "hub/checkpoints/alexnet-owt-7be5be79.pth"
"""Below the folder of published weights."""


def load_lpips(weights_dir: Path, device: torch.device) -> nn.Module:
    """Load the network; AlexNet's classifier stays in the file.

    Raises:
        IdfsrError: The file is missing, cut short, or of another network.
    """
    path = find_weights(weights_dir, WEIGHTS, "AlexNet")
    state = read_torch_tensors(path, "the weights of AlexNet")
    with warnings.catch_warnings():
        # the package calls torchvision as one did before its version 0.13
        warnings.filterwarnings("ignore", category=UserWarning, module="torchvision")
        network: nn.Module = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False)
    trunk = network.net
    assert isinstance(trunk, nn.Module)
    # "slice2.3.weight" of the package is "features.3.weight" of torchvision
    names = {name: f"features.{name.split('.', 1)[1]}" for name in trunk.state_dict()}
    features = {name: tensor for name, tensor in state.items() if name.startswith("features.")}
    wanted = {names[name]: tensor for name, tensor in trunk.state_dict().items()}
    check_state(features, wanted, str(path))
    trunk.load_state_dict({name: features[names[name]] for name in names})
    return network.eval().to(device).to(memory_format=torch.channels_last)


@torch.inference_mode()
def lpips_distance(
    network: nn.Module, sr_image: Float[Tensor, "B 3 H W"], gt_image: Float[Tensor, "B 3 H W"]
) -> Float[Tensor, "B"]:
    """Return the distance of each pair.

    Zhang et al. (2018), Eq. 1, with the layers' weights fitted to human judgement ("lin").

    Args:
        network: Of `load_lpips`.
        sr_image: In [0, 1].
        gt_image: In [0, 1].

    Returns:
        0 or more, lower is better; float64, on the network's device.
    """
    like = next(network.parameters())
    # channels last: a fifth less time on a CPU
    sr, gt = (
        images.to(like).contiguous(memory_format=torch.channels_last)
        for images in (sr_image, gt_image)
    )
    distance: Tensor = network(sr, gt, normalize=True)
    return distance[:, 0, 0, 0].double()
