"""DMDNet (Li et al. 2022): eyes and mouth are rebuilt from two memories of sharp ones.

The generic memory is part of the weights; the specific one is made of any number of references of
the person. Both are read by attention for each component at three sizes of features, brought to the
statistics of the blurred component, and pasted over it; the pasted features steer the decoder.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from idfsr.models.adain import match_statistics
from idfsr.models.spectral import SLOPE, DilatedViews, Residuals, conv_pair, spectral_conv

COMPONENT_SIZES: Final = {"LE": 80, "RE": 80, "MO": 110}
"""Side to which left eye, right eye and mouth are brought, in pixels of the image."""

STRIDES: Final = {256: 2, 128: 4, 64: 8}
"""Pixels of the image for one of the features, by the side of the features of a 512 px face."""

KEY_FACTOR: Final = 4
"""Channels of the features for one of the keys."""

Place = tuple[str, int]
"""A component and a side: what has a memory of its own."""

PLACES: Final[tuple[Place, ...]] = tuple(product(COMPONENT_SIZES, STRIDES))


@dataclass(frozen=True)
class Memory:
    """Entries of one place: N for each image of a batch, or for all if there is one row."""

    keys: Float[Tensor, "b N k s s"]
    values: Float[Tensor, "b N c s s"]


def join_memories(memories: Sequence[Mapping[Place, Memory]]) -> dict[Place, Memory]:
    """Put the entries of several memories side by side."""
    return {
        place: Memory(
            torch.cat([memory[place].keys for memory in memories], dim=1),
            torch.cat([memory[place].values for memory in memories], dim=1),
        )
        for place in PLACES
    }


def read_memory(memory: Memory, queries: Float[Tensor, "B k s s"]) -> Float[Tensor, "B c s s"]:
    """Return the entries' mean, weighted by how well their keys match.

    The softmax is of correlations over the root of the number of entries.
    """
    correlations = queries.flatten(1)[:, None] @ memory.keys.flatten(2).transpose(1, 2)
    weights = (correlations / memory.keys.shape[1] ** 0.5).softmax(-1)
    read: Tensor = weights @ memory.values.flatten(2)
    return read.reshape(len(queries), *memory.values.shape[2:])


def crop_components(
    features: Float[Tensor, "B C H W"], boxes: Int[Tensor, "B 4"], size: int
) -> Float[Tensor, "B C size size"]:
    """Cut a box out of each image's features and bring it to one size."""
    crops = [
        functional.interpolate(image[None, :, y0:y1, x0:x1], (size, size), mode="bilinear")
        for image, (x0, y0, x1, y1) in zip(features, boxes.tolist(), strict=True)
    ]
    return torch.cat(crops)


def paste_components(
    features: Float[Tensor, "B C H W"],
    parts: Iterable[tuple[Float[Tensor, "B C _ _"], Int[Tensor, "B 4"]]],
) -> Float[Tensor, "B C H W"]:
    """Return the features with components over them; of two that overlap the later is seen."""
    pasted = features.clone()
    for crops, boxes in parts:
        for index, (x0, y0, x1, y1) in enumerate(boxes.tolist()):
            pasted[index, :, y0:y1, x0:x1] = functional.interpolate(
                crops[index : index + 1], (y1 - y0, x1 - x0), mode="bilinear"
            )[0]
    return pasted


class ComponentExtractor(nn.Module):
    """From the image to features of three sizes, and from components to queries."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        in_channels = 3
        self.sides: dict[int, str] = {}
        for level, (side, dilations) in enumerate(
            zip(STRIDES, ((5, 3), (3, 1), (1, 1)), strict=True)
        ):
            width = channels << level
            first, second = 2 * level + 1, 2 * level + 2
            self.add_module(f"conv{first}", conv_pair(in_channels, width, stride=2))
            self.add_module(f"res{first}", Residuals(width, {"Res": dilations}))
            self.add_module(f"conv{second}", conv_pair(width, width))
            self.add_module(f"res{second}", Residuals(width, {"Res": dilations}))
            self.sides[side] = f"res{second}"
            in_channels = width
        self._layers = [name for name, _ in self.named_children()]
        for component, side in PLACES:
            width = side_channels(channels, side)
            query = nn.ModuleDict({"Query": conv_pair(width, width // KEY_FACTOR)})
            self.add_module(f"{component}_{side}_Q", query)

    def forward(self, image: Float[Tensor, "B 3 H W"]) -> dict[int, Float[Tensor, "B _ _ _"]]:
        """Return the features by their nominal side."""
        x, outputs = image, {}
        for name in self._layers:
            x = self.get_submodule(name)(x)
            outputs[name] = x
        return {side: outputs[name] for side, name in self.sides.items()}

    def query(self, place: Place, part: Float[Tensor, "B c s s"]) -> Float[Tensor, "B k s s"]:
        """Return the query of a component."""
        component, side = place
        queries: Tensor = self.get_submodule(f"{component}_{side}_Q.Query")(part)
        return queries


def side_channels(channels: int, side: int) -> int:
    """Return the channels of the features of a nominal side."""
    return channels * STRIDES[side] // STRIDES[256]


class MemoryMask(nn.Module):
    """How far to trust the specific memory against the generic one, without bounds."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        third = channels // 3
        self.conv1, self.conv2, self.conv3 = (conv_pair(channels, third) for _ in range(3))
        self.convCat = conv_pair(3 * third, channels)

    def forward(
        self,
        part: Float[Tensor, "B C s s"],
        specific: Float[Tensor, "B C s s"],
        generic: Float[Tensor, "B C s s"],
    ) -> Float[Tensor, "B C s s"]:
        """Mix the two memories."""
        views = [self.conv1(part), self.conv2(specific), self.conv3(generic)]
        mask: Tensor = self.convCat(torch.cat(views, dim=1))
        return mask * specific + (1 - mask) * generic


class StyledUp(nn.Module):
    """Double the size under the control of pasted features."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = conv_pair(in_channels, out_channels)
        self.convup = nn.Sequential(
            nn.Upsample(scale_factor=2, mode="bilinear"),
            spectral_conv(out_channels, out_channels),
            nn.LeakyReLU(SLOPE),
            spectral_conv(out_channels, out_channels),
        )
        self.ScaleModel1, self.ShiftModel1 = (
            conv_pair(in_channels, out_channels) for _ in range(2)
        )

    def forward(
        self, x: Float[Tensor, "B C h w"], style: Float[Tensor, "B C h w"]
    ) -> Float[Tensor, "B D H W"]:
        """Scale and shift, then enlarge."""
        h = functional.leaky_relu(self.conv1(x), SLOPE)
        doubled: Tensor = self.convup(h * self.ScaleModel1(style) + self.ShiftModel1(style))
        return doubled


class DMDNet(nn.Module):
    """The whole network.

    Args:
        channels: At half the size of the image; 64 in the published network.
        num_entries: Of each generic memory; 128 in the published network.
    """

    def __init__(self, channels: int = 64, num_entries: int = 128) -> None:
        super().__init__()
        self.E_lq, self.E_hq = ComponentExtractor(channels), ComponentExtractor(channels)
        for component, side in PLACES:
            self._add_place(component, side, channels, num_entries)
        widest = side_channels(channels, 64)
        self.MSDilate = DilatedViews(
            lambda dilation: conv_pair(widest, widest, dilations=(dilation, dilation)),
            spectral_conv(4 * widest, widest),
        )
        self.up1 = StyledUp(widest, side_channels(channels, 128))
        self.up2 = StyledUp(side_channels(channels, 128), channels)
        self.up3 = StyledUp(channels, channels)
        self.up4 = nn.Sequential(
            spectral_conv(channels, channels),
            nn.LeakyReLU(SLOPE),
            Residuals(channels, {"Model": (1, 1)}),
            Residuals(channels, {"Model": (1, 1)}),
            spectral_conv(channels, 3),
            nn.Tanh(),
        )

    def _add_place(self, component: str, side: int, channels: int, num_entries: int) -> None:
        name, width = f"{component}_{side}", side_channels(channels, side)
        size = COMPONENT_SIZES[component] // STRIDES[side]
        self.add_module(
            f"{name}_KV",
            nn.ModuleDict(
                {"Key": conv_pair(width, width // KEY_FACTOR), "Value": conv_pair(width, width)}
            ),
        )
        self.add_module(f"{name}_Attention", conv_pair(width, width))
        self.add_module(f"{name}_Mask", MemoryMask(width))
        for kind, depth in (("key", width // KEY_FACTOR), ("value", width)):
            entries = torch.randn(num_entries, depth, size, size)
            self.register_buffer(f"{name.lower()}_mem_{kind}", entries)

    def memorise(
        self, references: Float[Tensor, "R 3 H W"], boxes: Int[Tensor, "R 3 4"]
    ) -> dict[Place, Memory]:
        """Make the specific memory: one entry for each reference, shared by a whole batch.

        Args:
            references: Sharp aligned faces in [-1, 1].
            boxes: (x0, y0, x1, y1) of their components.
        """
        features = self.E_hq(references)
        memory = {}
        for place in PLACES:
            pair = self.get_submodule("{}_{}_KV".format(*place))
            assert isinstance(pair, nn.ModuleDict)
            part, _ = self._cut(features, boxes, place)
            memory[place] = Memory(pair["Key"](part)[None], pair["Value"](part)[None])
        return memory

    def forward(
        self,
        image: Float[Tensor, "B 3 H W"],
        boxes: Int[Tensor, "B 3 4"],
        specific: dict[Place, Memory] | None,
    ) -> Float[Tensor, "B 3 H W"]:
        """Restore faces.

        Args:
            image: Aligned faces in [-1, 1].
            boxes: (x0, y0, x1, y1) of their components, inside of the image.
            specific: What `memorise` returns; None reads the generic memory alone.

        Returns:
            Faces in [-1, 1].
        """
        features = self.E_lq(image)
        styles = {}
        for side in STRIDES:
            rebuilt = []
            for component in COMPONENT_SIZES:
                part, cells = self._cut(features, boxes, (component, side))
                memory = self._recall((component, side), part, specific)
                rebuilt.append((self._rebuild((component, side), part, memory), cells))
            styles[side] = paste_components(features[side], rebuilt)
        x = self.up1(self.MSDilate(features[64]), styles[64])
        x = self.up3(self.up2(x, styles[128]), styles[256])
        restored: Tensor = self.up4(x)
        return restored

    def _cut(
        self, features: dict[int, Tensor], boxes: Int[Tensor, "B 3 4"], place: Place
    ) -> tuple[Float[Tensor, "B c s s"], Int[Tensor, "B 4"]]:
        component, side = place
        cells = boxes[:, list(COMPONENT_SIZES).index(component)] // STRIDES[side]
        size = COMPONENT_SIZES[component] // STRIDES[side]
        return crop_components(features[side], cells, size), cells

    def _recall(
        self,
        place: Place,
        part: Float[Tensor, "B c s s"],
        specific: dict[Place, Memory] | None,
    ) -> Float[Tensor, "B c s s"]:
        name = "{}_{}".format(*place)
        query = self.E_lq.query(place, part)
        keys, values = (self.get_buffer(f"{name.lower()}_mem_{kind}") for kind in ("key", "value"))
        generic = read_memory(Memory(keys[None], values[None]), query)
        if specific is None:
            return generic
        mixed: Tensor = self.get_submodule(f"{name}_Mask")(
            part, read_memory(specific[place], query), generic
        )
        return mixed

    def _rebuild(
        self, place: Place, part: Float[Tensor, "B c s s"], memory: Float[Tensor, "B c s s"]
    ) -> Float[Tensor, "B c s s"]:
        memory = match_statistics(memory, part)
        attention: Tensor = self.get_submodule("{}_{}_Attention".format(*place))(memory - part)
        return attention * memory + part
