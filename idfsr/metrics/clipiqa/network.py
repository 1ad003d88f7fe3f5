"""CLIP-IQA, an image quality score without a reference (Wang, Chan and Loy 2023).

CLIP with ResNet-50 says whether an image is nearer to "Good image" than to "bad image". This is
pyiqa's `clipiqa`: five such pairs of prompts in place of the paper's one, and no resizing.
"""

import pickle
import warnings
from pathlib import Path
from typing import Final, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from idfsr.errors import IdfsrError
from idfsr.io.weights_list import find_weights

WEIGHTS: Final = "hub/clip/RN50.pt"
"""Below the folder of published weights."""

_SIGNS_OF_OTHER_CONTENT = (RuntimeError, pickle.UnpicklingError, EOFError, LookupError, ValueError)
"""What pyiqa raises on another file: it reads a TorchScript archive, then tries a state dict."""


class ClipIqa(NamedTuple):
    """CLIP and what it says of the prompts."""

    clip: nn.Module
    text_features: Float[Tensor, "prompts D"]
    """Of the prompts in pairs, the good one first. The text tower costs four times what an image
    costs, and pyiqa runs it for each image again."""
    mean: Float[Tensor, "1 3 1 1"]
    std: Float[Tensor, "1 3 1 1"]
    """Of RGB in [0, 1], with which CLIP was trained."""


def load_clipiqa(weights_dir: Path, device: torch.device) -> ClipIqa:
    """Load CLIP and run its text tower.

    Raises:
        IdfsrError: The file is missing, cut short, or of another network.
    """
    path = find_weights(weights_dir, WEIGHTS, "CLIP with ResNet-50")
    from pyiqa.archs.clip_model import ModifiedResNet  # slow, reads $TORCH_HOME
    from pyiqa.archs.clipiqa_arch import CLIPIQA  # likewise

    try:
        with warnings.catch_warnings():
            # torch.jit.load is deprecated, and OpenAI's archive is of no other format
            warnings.simplefilter("ignore")
            metric = CLIPIQA(backbone=str(path))
    except _SIGNS_OF_OTHER_CONTENT as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        message = f"{path}: not OpenAI's TorchScript archive of CLIP: {first}"
        raise IdfsrError(message) from None
    (clip,) = metric.clip_model
    if not isinstance(clip.visual, ModifiedResNet):
        message = f"{path}: found CLIP with {type(clip.visual).__name__}, wanted ResNet-50"
        raise IdfsrError(message)
    clip = clip.eval().to(device).to(memory_format=torch.channels_last)
    with torch.inference_mode():
        text_features = clip.encode_text(metric.prompt_pairs.to(device))
    mean, std = metric.default_mean.to(device), metric.default_std.to(device)
    return ClipIqa(clip, text_features, mean, std)


@torch.inference_mode()
def clipiqa(network: ClipIqa, images: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B"]:
    """Return the mean probability of the good prompts.

    The antonym prompt pairing of Wang et al. (2023), with CLIP's temperature, averaged over pairs.

    Args:
        network: Of `load_clipiqa`.
        images: In [0, 1].

    Returns:
        In [0, 1], higher is better; float64, on the network's device.
    """
    x = (images.to(network.mean) - network.mean) / network.std
    logits, _ = network.clip(x, None, text_features=network.text_features)
    pairs: Tensor = logits.unflatten(1, (-1, 2)).softmax(dim=2)
    return pairs[:, :, 0].mean(dim=1).double()
