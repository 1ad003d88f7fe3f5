"""DMDNet (Li et al. 2022): eyes and mouth are rebuilt from two memories of sharp ones.

The generic memory is part of the weights; the specific one is made of any number of references of
the person. Both are read by attention for each component at three levels of features, each half as
large as the one before, brought to the statistics of the blurred component, and pasted over it; the
pasted features steer the decoder.
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

COMPONENTS: Final = ("LE", "RE", "MO")
"""Left eye, right eye and mouth, in the order of their boxes."""

NUM_LEVELS: Final = 3

KEY_FACTOR: Final = 4
"""Channels of the features for one of the keys."""

Place = tuple[str, int]
"""A component and a level: what has a memory of its own."""

PLACES: Final[tuple[Place, ...]] = tuple(product(COMPONENTS, range(NUM_LEVELS)))


@dataclass(frozen=True, kw_only=True)
class DmdNetConfig:
    """A member of the family; the defaults are the published network's."""

    image_size: int = 512
    """Side in pixels of the faces it restores."""
    first_stride: int = 2
    """Pixels of the image for one of the features of the first level; 1 or 2."""
    channels: int = 64
    """Of the first level."""
    num_entries: int = 128
    """Of each generic memory."""
    eye_size: int = 80
    """Side to which eyes are brought, in pixels of the image."""
    mouth_size: int = 110

    def stride(self, level: int) -> int:
        """Return the pixels of the image for one of the features of a level."""
        return self.first_stride << level

    def width(self, level: int) -> int:
        """Return the channels of a level."""
        return self.channels << level

    def part_size(self, place: Place) -> int:
        """Return the side to which a component is brought, in features."""
        component, level = place
        size = self.mouth_size if component == "MO" else self.eye_size
        return size // self.stride(level)

    def name(self, place: Place) -> str:
        """Return what names of weights begin with: the component and the side of the features."""
        component, level = place
        return f"{component}_{self.image_size // self.stride(level)}"


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
    """From the image to features of three levels, and from components to queries."""

    def __init__(self, config: DmdNetConfig) -> None:
        super().__init__()
        self._config = config
        in_channels = 3
        self._levels: list[list[str]] = []
        for level, dilations in enumerate(((5, 3), (3, 1), (1, 1))):
            width, stride = config.width(level), 2 if level else config.first_stride
            first, second = 2 * level + 1, 2 * level + 2
            self.add_module(f"conv{first}", conv_pair(in_channels, width, stride=stride))
            self.add_module(f"res{first}", Residuals(width, {"Res": dilations}))
            self.add_module(f"conv{second}", conv_pair(width, width))
            self.add_module(f"res{second}", Residuals(width, {"Res": dilations}))
            self._levels.append([f"conv{first}", f"res{first}", f"conv{second}", f"res{second}"])
            in_channels = width
        for place in PLACES:
            width = config.width(place[1])
            query = nn.ModuleDict({"Query": conv_pair(width, width // KEY_FACTOR)})
            self.add_module(f"{config.name(place)}_Q", query)

    def forward(self, image: Float[Tensor, "B 3 H W"]) -> list[Float[Tensor, "B _ _ _"]]:
        """Return the features of each level."""
        x, outputs = image, []
        for names in self._levels:
            for name in names:
                x = self.get_submodule(name)(x)
            outputs.append(x)
        return outputs

    def query(self, place: Place, part: Float[Tensor, "B c s s"]) -> Float[Tensor, "B k s s"]:
        """Return the query of a component."""
        queries: Tensor = self.get_submodule(f"{self._config.name(place)}_Q.Query")(part)
        return queries


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
    """Enlarge under the control of pasted features."""

    def __init__(self, in_channels: int, out_channels: int, scale_factor: int = 2) -> None:
        super().__init__()
        self.conv1 = conv_pair(in_channels, out_channels)
        self.convup = nn.Sequential(
            nn.Upsample(scale_factor=scale_factor, mode="bilinear"),
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
        enlarged: Tensor = self.convup(h * self.ScaleModel1(style) + self.ShiftModel1(style))
        return enlarged


class DMDNet(nn.Module):
    """The whole network."""

    def __init__(self, config: DmdNetConfig) -> None:
        super().__init__()
        self.config = config
        channels, widths = config.channels, [config.width(level) for level in range(NUM_LEVELS)]
        self.E_lq, self.E_hq = ComponentExtractor(config), ComponentExtractor(config)
        for place in PLACES:
            self._add_place(place)
        self.MSDilate = DilatedViews(
            lambda dilation: conv_pair(widths[2], widths[2], dilations=(dilation, dilation)),
            spectral_conv(4 * widths[2], widths[2]),
        )
        self.up1 = StyledUp(widths[2], widths[1])
        self.up2 = StyledUp(widths[1], channels)
        self.up3 = StyledUp(channels, channels, config.first_stride)
        self.up4 = nn.Sequential(
            spectral_conv(channels, channels),
            nn.LeakyReLU(SLOPE),
            Residuals(channels, {"Model": (1, 1)}),
            Residuals(channels, {"Model": (1, 1)}),
            spectral_conv(channels, 3),
            nn.Tanh(),
        )

    @property
    def image_size(self) -> int:
        """Side in pixels of the faces it restores."""
        return self.config.image_size

    def _add_place(self, place: Place) -> None:
        name, width = self.config.name(place), self.config.width(place[1])
        size = self.config.part_size(place)
        self.add_module(
            f"{name}_KV",
            nn.ModuleDict(
                {"Key": conv_pair(width, width // KEY_FACTOR), "Value": conv_pair(width, width)}
            ),
        )
        self.add_module(f"{name}_Attention", conv_pair(width, width))
        self.add_module(f"{name}_Mask", MemoryMask(width))
        for kind, depth in (("key", width // KEY_FACTOR), ("value", width)):
            entries = torch.randn(self.config.num_entries, depth, size, size)
            self.register_parameter(f"{name.lower()}_mem_{kind}", nn.Parameter(entries))

    def generic_memory(self, place: Place) -> Memory:
        """Return the memory that all people share."""
        name = self.config.name(place).lower()
        keys, values = (self.get_parameter(f"{name}_mem_{kind}") for kind in ("key", "value"))
        return Memory(keys[None], values[None])

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
            pair = self.get_submodule(f"{self.config.name(place)}_KV")
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
        styles = []
        for level in range(NUM_LEVELS):
            rebuilt = []
            for component in COMPONENTS:
                part, cells = self._cut(features, boxes, (component, level))
                memory = self._recall((component, level), part, specific)
                rebuilt.append((self._rebuild((component, level), part, memory), cells))
            styles.append(paste_components(features[level], rebuilt))
        x = self.up1(self.MSDilate(features[2]), styles[2])
        x = self.up3(self.up2(x, styles[1]), styles[0])
        restored: Tensor = self.up4(x)
        return restored

    def _cut(
        self, features: list[Tensor], boxes: Int[Tensor, "B 3 4"], place: Place
    ) -> tuple[Float[Tensor, "B c s s"], Int[Tensor, "B 4"]]:
        component, level = place
        cells = boxes[:, COMPONENTS.index(component)] // self.config.stride(level)
        return crop_components(features[level], cells, self.config.part_size(place)), cells

    def _recall(
        self,
        place: Place,
        part: Float[Tensor, "B c s s"],
        specific: dict[Place, Memory] | None,
    ) -> Float[Tensor, "B c s s"]:
        query = self.E_lq.query(place, part)
        generic = read_memory(self.generic_memory(place), query)
        if specific is None:
            return generic
        mixed: Tensor = self.get_submodule(f"{self.config.name(place)}_Mask")(
            part, read_memory(specific[place], query), generic
        )
        return mixed

    def _rebuild(
        self, place: Place, part: Float[Tensor, "B c s s"], memory: Float[Tensor, "B c s s"]
    ) -> Float[Tensor, "B c s s"]:
        memory = match_statistics(memory, part)
        attention: Tensor = self.get_submodule(f"{self.config.name(place)}_Attention")(
            memory - part
        )
        return attention * memory + part
