"""MobileFaceNet (Chen et al. 2018), a recogniser for telephones, in the widths of insightface.

Modules have the names of insightface's, so that its published weights fit.
"""

from jaxtyping import Float
from torch import Tensor, nn

from idfsr.constants import ID_DIM


class Layers(nn.Module):
    """Layers one after the other, called `layers`."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B ..."]:
        """Apply them."""
        applied: Tensor = self.layers(x)
        return applied


def convolution(
    in_channels: int, out_channels: int, kernel: int = 1, stride: int = 1, groups: int = 1
) -> Layers:
    """Return a convolution that keeps the size at stride 1, normalised, with a slope below 0."""
    conv = nn.Conv2d(
        in_channels, out_channels, kernel, stride, kernel // 2, groups=groups, bias=False
    )
    return Layers(conv, nn.BatchNorm2d(out_channels), nn.PReLU(out_channels))


def projection(conv: nn.Conv2d) -> Layers:
    """Return a normalised convolution without an activation."""
    return Layers(conv, nn.BatchNorm2d(conv.out_channels))


def bottleneck(in_channels: int, hidden: int, out_channels: int, stride: int) -> Layers:
    """Return a depthwise 3x3 convolution between two of 1x1, the last one linear."""
    return Layers(
        convolution(in_channels, hidden),
        convolution(hidden, hidden, 3, stride, groups=hidden),
        projection(nn.Conv2d(hidden, out_channels, 1, bias=False)),
    )


class Residual(nn.Module):
    """Bottlenecks that each add to their input."""

    def __init__(self, channels: int, hidden: int, depth: int) -> None:
        super().__init__()
        blocks = [bottleneck(channels, hidden, channels, 1) for _ in range(depth)]
        self.layers = nn.Sequential(*blocks)

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
        """Apply them."""
        for block in self.layers:
            x = x + block(x)
        return x


class MobileFaceNet(nn.Module):
    """Aligned 112 px face in, embedding out."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            convolution(3, 128, 3, 2),
            convolution(128, 128, 3, groups=64),
            bottleneck(128, 128, 128, 2),
            Residual(128, 128, 4),
            bottleneck(128, 256, 256, 2),
            Residual(256, 256, 6),
            bottleneck(256, 512, 256, 2),
            Residual(256, 256, 2),
        )
        self.conv_sep = convolution(256, 512)
        self.features = Layers(
            projection(nn.Conv2d(512, 512, 7, groups=512, bias=False)),
            nn.Flatten(),
            nn.Linear(512, ID_DIM, bias=False),
            nn.BatchNorm1d(ID_DIM),
        )

    def forward(self, crops: Float[Tensor, "B 3 112 112"]) -> Float[Tensor, "B 512"]:
        """Embed crops in [-1, 1]; the embedding is not normalised."""
        embedding: Tensor = self.features(self.conv_sep(self.layers(crops)))
        return embedding
