"""RetinaFace (Deng et al. 2020): five landmarks, a box and a score for each prior.

A backbone gives features at strides 8, 16 and 32; a feature pyramid (FPN) mixes them top-down; a
context module (SSH) widens the view at each level; three 1x1 heads read each level. The keys of
the state dict are those of the public PyTorch implementation (biubug6/Pytorch_Retinaface, MIT), so
its weight files load as they are.
"""

from typing import Literal, NamedTuple

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import resnet50

Backbone = Literal["mobilenet0.25", "resnet50"]

FEATURE_CHANNELS: dict[Backbone, tuple[int, int, int]] = {
    "mobilenet0.25": (64, 128, 256),
    "resnet50": (512, 1024, 2048),
}
PYRAMID_CHANNELS: dict[Backbone, int] = {"mobilenet0.25": 64, "resnet50": 256}

NUM_PRIORS = 2
"""Priors at each place of each level."""

MEAN_BGR = (104.0, 117.0, 123.0)
"""Subtracted from 0...255 in the order blue, green, red, in the training of both public weights."""


MEAN_RGB = (123.675, 116.28, 103.53)
DEVIATION_RGB = (58.395, 57.12, 57.375)
"""Of ImageNet in 0...255, in the training of the weights of `retinaface-pytorch`."""

Normalisation = Literal["bgr_mean", "imagenet"]


class Heads(NamedTuple):
    """Raw output for each of P priors: level after level, then row, column, prior."""

    boxes: Float[Tensor, "B P 4"]
    logits: Float[Tensor, "B P 2"]
    """Background, face."""
    landmarks: Float[Tensor, "B P 10"]


def normalise(
    images: UInt8[Tensor, "B H W 3"], normalisation: Normalisation = "bgr_mean"
) -> Float[Tensor, "B 3 H W"]:
    """Bring RGB images to what the network takes.

    Args:
        images: In 0...255.
        normalisation: Of the training of the weights: BGR minus `MEAN_BGR`, or RGB with mean 0 and
            deviation 1 over ImageNet.
    """

    def on_device(values: tuple[float, ...]) -> Tensor:
        return torch.tensor(values, device=images.device)

    if normalisation == "imagenet":
        scaled = (images.to(torch.float32) - on_device(MEAN_RGB)) / on_device(DEVIATION_RGB)
    else:
        scaled = images.flip(-1).to(torch.float32) - on_device(MEAN_BGR)
    return scaled.permute(0, 3, 1, 2).contiguous()


def convolution(
    in_channels: int,
    out_channels: int,
    *,
    kernel: int = 3,
    stride: int = 1,
    groups: int = 1,
    slope: float | None = 0.1,
) -> nn.Sequential:
    """Build convolution, batch norm and leaky ReLU.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel: Side of the kernel; the padding keeps the size at stride 1.
        stride: Of the convolution.
        groups: Of the convolution.
        slope: Of the leaky ReLU below zero, 0 is ReLU; None leaves it out.
    """
    layers: list[nn.Module] = [
        nn.Conv2d(
            in_channels, out_channels, kernel, stride, kernel // 2, groups=groups, bias=False
        ),
        nn.BatchNorm2d(out_channels),
    ]
    if slope is not None:
        layers.append(nn.LeakyReLU(slope))
    return nn.Sequential(*layers)


def _separable(in_channels: int, out_channels: int, stride: int) -> nn.Sequential:
    depthwise = convolution(in_channels, in_channels, stride=stride, groups=in_channels)
    return nn.Sequential(*depthwise, *convolution(in_channels, out_channels, kernel=1))


class MobileNetBody(nn.Module):
    """MobileNet of width 0.25 (Howard et al. 2017) with features of 64, 128 and 256 channels."""

    def __init__(self) -> None:
        super().__init__()
        self.stage1 = nn.Sequential(
            convolution(3, 8, stride=2),
            _separable(8, 16, 1),
            _separable(16, 32, 2),
            _separable(32, 32, 1),
            _separable(32, 64, 2),
            _separable(64, 64, 1),
        )
        self.stage2 = nn.Sequential(
            _separable(64, 128, 2), *(_separable(128, 128, 1) for _ in range(5))
        )
        self.stage3 = nn.Sequential(_separable(128, 256, 2), _separable(256, 256, 1))

    def forward(self, x: Float[Tensor, "B 3 H W"]) -> list[Float[Tensor, "B _ _ _"]]:
        """Return the features at strides 8, 16 and 32."""
        stride8 = self.stage1(x)
        stride16 = self.stage2(stride8)
        return [stride8, stride16, self.stage3(stride16)]


class ResNetBody(nn.Module):
    """ResNet-50 (He et al. 2016) with features of 512, 1024 and 2048 channels."""

    def __init__(self) -> None:
        super().__init__()
        network = resnet50(weights=None)
        for name in ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4"):
            self.add_module(name, getattr(network, name))

    def forward(self, x: Float[Tensor, "B 3 H W"]) -> list[Float[Tensor, "B _ _ _"]]:
        """Return the features at strides 8, 16 and 32."""
        features = []
        for name, layer in self.named_children():
            x = layer(x)
            if name in {"layer2", "layer3", "layer4"}:
                features.append(x)
        return features


class FeaturePyramid(nn.Module):
    """Feature pyramid (Lin et al. 2017) over three levels."""

    def __init__(self, in_channels: tuple[int, int, int], channels: int, slope: float) -> None:
        super().__init__()
        self.output1, self.output2, self.output3 = (
            convolution(width, channels, kernel=1, slope=slope) for width in in_channels
        )
        self.merge1 = convolution(channels, channels, slope=slope)
        self.merge2 = convolution(channels, channels, slope=slope)

    def forward(self, features: list[Float[Tensor, "B _ _ _"]]) -> list[Float[Tensor, "B C _ _"]]:
        """Add to each level the one above it, enlarged by nearest neighbours."""
        stride8, stride16, stride32 = (
            layer(feature)
            for layer, feature in zip(
                (self.output1, self.output2, self.output3), features, strict=True
            )
        )
        stride16 = stride16 + functional.interpolate(stride32, size=stride16.shape[-2:])
        stride16 = self.merge2(stride16)
        stride8 = stride8 + functional.interpolate(stride16, size=stride8.shape[-2:])
        return [self.merge1(stride8), stride16, stride32]


class ContextModule(nn.Module):
    """Context module of SSH (Najibi et al. 2017): views of 3x3, 5x5 and 7x7 side by side."""

    def __init__(self, channels: int, slope: float) -> None:
        super().__init__()
        half, quarter = channels // 2, channels // 4
        self.conv3X3 = convolution(channels, half, slope=None)
        self.conv5X5_1 = convolution(channels, quarter, slope=slope)
        self.conv5X5_2 = convolution(quarter, quarter, slope=None)
        self.conv7X7_2 = convolution(quarter, quarter, slope=slope)
        self.conv7x7_3 = convolution(quarter, quarter, slope=None)

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
        """Return the three views in one tensor, half, quarter and quarter of the channels."""
        shared = self.conv5X5_1(x)
        views = (self.conv3X3(x), self.conv5X5_2(shared), self.conv7x7_3(self.conv7X7_2(shared)))
        return functional.relu(torch.cat(views, dim=1))


class Head(nn.Module):
    """A 1x1 convolution that says the same kind of thing about each prior of a level."""

    def __init__(self, channels: int, length: int) -> None:
        super().__init__()
        self.length = length
        self.conv1x1 = nn.Conv2d(channels, NUM_PRIORS * length, 1)

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B P length"]:
        """Return a row for each prior: rows of the image, then columns, then priors."""
        places: Tensor = self.conv1x1(x).permute(0, 2, 3, 1)
        return places.reshape(x.shape[0], -1, self.length)


class RetinaFace(nn.Module):
    """The whole network.

    Args:
        backbone: Which one; it fixes every width.
    """

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        channels = PYRAMID_CHANNELS[backbone]
        slope = 0.1 if backbone == "mobilenet0.25" else 0.0
        self.body = MobileNetBody() if backbone == "mobilenet0.25" else ResNetBody()
        self.fpn = FeaturePyramid(FEATURE_CHANNELS[backbone], channels, slope)
        self.ssh1, self.ssh2, self.ssh3 = (ContextModule(channels, slope) for _ in range(3))
        self.ClassHead = nn.ModuleList(Head(channels, 2) for _ in range(3))
        self.BboxHead = nn.ModuleList(Head(channels, 4) for _ in range(3))
        self.LandmarkHead = nn.ModuleList(Head(channels, 10) for _ in range(3))

    def forward(self, images: Float[Tensor, "B 3 H W"]) -> Heads:
        """Search images.

        Args:
            images: As `normalise` makes them.
        """
        levels = self.fpn(self.body(images))
        contexts = [
            ssh(level) for ssh, level in zip((self.ssh1, self.ssh2, self.ssh3), levels, strict=True)
        ]
        boxes, logits, landmarks = (
            torch.cat([head(x) for head, x in zip(heads, contexts, strict=True)], dim=1)
            for heads in (self.BboxHead, self.ClassHead, self.LandmarkHead)
        )
        return Heads(boxes, logits, landmarks)
