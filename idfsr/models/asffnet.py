"""ASFFNet (Li et al. 2020): one reference, moved onto the face, is fused where landmarks say.

The reference's features get the statistics of the low-quality face (AdaIN) and its pose (moving
least squares, `idfsr.faces.mls`); attention from a map of the landmarks mixes both.
The published network is for 512 px; the one for 256 px of the paper was never published.
"""

from dataclasses import dataclass
from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from idfsr.models.adain import match_statistics
from idfsr.models.spectral import SLOPE, DilatedViews, Residuals, conv_pair, spectral_conv

FEATURE_STRIDE: Final = 4
"""Pixels of the image for one of the features."""

NUM_FUSIONS: Final = 4
"""Blocks of two fusions each, before the last one."""


@dataclass(frozen=True, kw_only=True)
class AsffNetConfig:
    """A member of the family; the defaults are ASFFNet512's."""

    image_size: int = 512
    """Side in pixels of the faces it restores."""
    channels: int = 64
    """At the size of the image."""


def _activated(convolution: nn.Conv2d) -> nn.Sequential:
    return nn.Sequential(convolution, nn.LeakyReLU(SLOPE))


class DilatedExtractor(nn.Module):
    """From the image to features of a quarter of its size.

    Args:
        channels: At the size of the image; twice as many come out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        double, quadruple = 2 * channels, 4 * channels
        self.conv1 = _activated(spectral_conv(3, channels))
        self.stem1_1, self.stem1_2 = (Residuals(channels, {"stem": (7, 5)}) for _ in range(2))
        self.conv2 = _activated(spectral_conv(channels, double, stride=2))
        self.stem2_1, self.stem2_2 = (Residuals(double, {"stem": (5, 3)}) for _ in range(2))
        self.conv3 = _activated(spectral_conv(double, quadruple, stride=2))
        self.stem3_1, self.stem3_2 = (Residuals(quadruple, {"stem": (3, 1)}) for _ in range(2))
        self.conv4 = _activated(spectral_conv(quadruple, double))

    def forward(self, image: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B C h w"]:
        """Run the layers in their order."""
        x = image
        for layer in self.children():
            x = layer(x)
        return x


class MaskCondition(nn.Module):
    """From the map of the landmarks to features in (0, 1)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        widths = (1, channels // 8, channels // 4, channels // 2, channels, channels)
        layers: list[nn.Module] = []
        for index, (kernel, stride) in enumerate(((9, 2), (7, 1), (5, 2), (3, 1), (3, 1))):
            convolution = nn.Conv2d(
                widths[index], widths[index + 1], kernel, stride, kernel // 2, bias=False
            )
            layers += [convolution, nn.LeakyReLU(SLOPE)]
        self.model = nn.Sequential(*layers[:-1], nn.Sigmoid())

    def forward(self, mask: Float[Tensor, "B 1 H W"]) -> Float[Tensor, "B C h w"]:
        """Run the convolutions."""
        features: Tensor = self.model(mask)
        return features


class ReferenceCondition(nn.Module):
    """Two residual blocks on the moved features of the reference."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.model = nn.Sequential(
            *_activated(spectral_conv(channels, channels, 1)),
            Residuals(channels, {"Model": (1, 1)}, activated=True),
            *_activated(spectral_conv(channels, channels, 1)),
            Residuals(channels, {"Model": (1, 1)}, activated=True),
            *_activated(spectral_conv(channels, channels, 1)),
        )

    def forward(self, x: Float[Tensor, "B C h w"]) -> Float[Tensor, "B C h w"]:
        """Run the layers."""
        features: Tensor = self.model(x)
        return features


class FeatureFusion(nn.Module):
    """Adaptive spatial feature fusion (Li et al. 2020).

    Args:
        channels: Of all three inputs.
        normalised_mask: Whether the last convolution of the mask has spectral normalisation; in the
            published network that of the last fusion alone.
    """

    def __init__(self, channels: int, *, normalised_mask: bool) -> None:
        super().__init__()
        half = channels // 2
        mask_out = (
            spectral_conv(channels, channels, bias=False)
            if normalised_mask
            else nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        )
        self.MaskModel = nn.Sequential(
            *_activated(spectral_conv(3 * half, channels, bias=False)), mask_out
        )
        self.MaskConcat = nn.Sequential(spectral_conv(channels, half, 1))
        self.DegradedModel = conv_pair(channels, channels)
        self.DegradedConcat = nn.Sequential(spectral_conv(channels, half, 1))
        self.RefModel = conv_pair(channels, channels)
        self.RefConcat = nn.Sequential(spectral_conv(channels, half, 1))

    def forward(
        self,
        x: Float[Tensor, "B C h w"],
        reference: Float[Tensor, "B C h w"],
        mask: Float[Tensor, "B C h w"],
    ) -> Float[Tensor, "B C h w"]:
        """Go from the face's features towards the reference's as far as the attention says."""
        degraded, guiding = self.DegradedModel(x), self.RefModel(reference)
        parts = [self.MaskConcat(mask), self.DegradedConcat(degraded), self.RefConcat(guiding)]
        attention: Tensor = self.MaskModel(torch.cat(parts, dim=1))
        fused: Tensor = degraded + (guiding - degraded) * attention
        return fused


class FusionBlock(nn.Module):
    """Two fusions, each with convolutions behind it, added to the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.sff0, self.sff1 = (FeatureFusion(channels, normalised_mask=False) for _ in range(2))
        self.conv0, self.conv1 = (
            nn.Sequential(
                *_activated(spectral_conv(channels, channels, 5)),
                *_activated(spectral_conv(channels, channels)),
            )
            for _ in range(2)
        )

    def forward(
        self,
        x: Float[Tensor, "B C h w"],
        reference: Float[Tensor, "B C h w"],
        mask: Float[Tensor, "B C h w"],
    ) -> Float[Tensor, "B C h w"]:
        """Fuse twice and add."""
        fused: Tensor = self.conv0(self.sff0(x, reference, mask))
        fused = self.conv1(self.sff1(fused, reference, mask))
        return x + fused


def _upsample_aligned() -> nn.Upsample:
    return nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)


class ASFFNet(nn.Module):
    """The whole network."""

    def __init__(self, config: AsffNetConfig) -> None:
        super().__init__()
        self.image_size = config.image_size
        channels = config.channels
        double = 2 * channels
        wide = {"Model0": (1, 1), "Model1": (2, 2)}
        self.sff_branch = nn.ModuleList(
            [
                *(FusionBlock(double) for _ in range(NUM_FUSIONS)),
                FeatureFusion(double, normalised_mask=True),
            ]
        )
        self.MSDilate = DilatedViews(
            lambda dilation: _activated(spectral_conv(double, channels, dilation=dilation)),
            conv_pair(4 * channels, double),
        )
        self.UpModel = nn.Sequential(
            _upsample_aligned(),
            *_activated(spectral_conv(double, double)),
            Residuals(double, wide, activated=True),
            *_activated(spectral_conv(double, channels)),
            Residuals(channels, wide, activated=True),
            _upsample_aligned(),
            Residuals(channels, {"Model0": (1, 1), "Model1": (1, 1)}, activated=True),
            spectral_conv(channels, 3),
            nn.Tanh(),
        )
        self.LQ_Model, self.Ref_Model = DilatedExtractor(channels), DilatedExtractor(channels)
        self.Mask_CModel = MaskCondition(double)
        self.Component_CModel = ReferenceCondition(double)

    def forward(
        self,
        image: Float[Tensor, "B 3 H W"],
        reference: Float[Tensor, "B 3 H W"],
        mask: Float[Tensor, "B 1 H W"],
        grid: Float[Tensor, "B h w 2"],
    ) -> Float[Tensor, "B 3 H W"]:
        """Restore faces.

        Args:
            image: Aligned faces in [-1, 1].
            reference: A sharp face of the same person for each, in [-1, 1].
            mask: 1 around the landmarks of the image, 0 elsewhere.
            grid: Where in the reference's features each feature of the image looks, as
                `grid_sample` takes it with align_corners=False; h is H / `FEATURE_STRIDE`.

        Returns:
            Faces in [-1, 1].
        """
        features = self.LQ_Model(image)
        styled = match_statistics(self.Ref_Model(reference), features)
        moved = functional.grid_sample(styled, grid, align_corners=False)
        guide, attention = self.Component_CModel(moved), self.Mask_CModel(mask)
        fused = features
        for fusion in self.sff_branch:
            fused = fusion(fused, guide, attention)
        restored: Tensor = self.UpModel(self.MSDilate(fused) + features)
        return restored
