"""dlib's face recogniser, from the file that dlib publishes or from ours.

A residual network that learnt from three million photographs of 7,485 people (King 2017,
`dlib_face_recognition_resnet_model_v1`, CC0). It tells people in photographs apart, which a network
that has only seen rendered people does less well (docs/decisions/0025).
"""

from pathlib import Path
from typing import Final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from idfsr.constants import ARCFACE_SIZE
from idfsr.errors import IdfsrError
from idfsr.io.id_encoders import DLIB_DIM

CHIP_SIZE: Final = 150
CROP_TO_CHIP: Final = ((1.448517, -0.002609, -6.567265), (0.002609, 1.448517, -29.295649))
"""From (x, y) in ArcFace's crops of 112 px to dlib's: the similarity between ArcFace's landmarks
and the medians of the five landmarks of 115 faces that dlib's own predictor aligned."""

_MEAN: Final = (122.782, 117.001, 104.298)
"""Of red, green and blue in [0, 255], as the file says."""
_WIDTHS: Final = (32, 64, 128, 256, 256)
_BLOCKS: Final = (3, 4, 3, 3, 1)
"""Residual blocks of each stage. The first of every stage but the first halves the sides."""


def _fill_up(x: Float[Tensor, "B c h w"], shape: list[int]) -> Float[Tensor, "B C H W"]:
    channels, height, width = (
        wanted - found for wanted, found in zip(shape, x.shape[1:], strict=True)
    )
    return functional.pad(x, (0, width, 0, height, 0, channels))


class _Block(nn.Module):
    """Two convolutions beside a path that pools where they halve the sides.

    dlib adds images of different sides and channels by filling the smaller up with zeros.
    """

    def __init__(self, in_channels: int, channels: int, *, halves: bool) -> None:
        super().__init__()
        stride, padding = (2, 0) if halves else (1, 1)
        self.halves = halves
        self.first = nn.Conv2d(in_channels, channels, 3, stride, padding)
        self.second = nn.Conv2d(channels, channels, 3, 1, 1)

    def forward(self, x: Float[Tensor, "B c h w"]) -> Float[Tensor, "B C H W"]:
        added = self.second(functional.relu(self.first(x)))
        kept = functional.avg_pool2d(x, 2) if self.halves else x
        shape = [max(sides) for sides in zip(added.shape[1:], kept.shape[1:], strict=True)]
        return functional.relu(_fill_up(added, shape) + _fill_up(kept, shape))


def _crop_to_chip() -> Float[Tensor, "1 2 3"]:
    """Return where the pixels of dlib's crops lie in ArcFace's, for `affine_grid`."""
    sides = (ARCFACE_SIZE, CHIP_SIZE)
    crop, chip_sides = (
        np.array([[2 / side, 0, -1], [0, 2 / side, -1], [0, 0, 1]]) for side in sides
    )
    theta = crop @ np.linalg.inv(chip_sides @ np.array([*CROP_TO_CHIP, (0, 0, 1)]))
    return torch.from_numpy(theta[None, :2]).float()


class DlibResNet(nn.Module):
    """The network behind the crops that ArcFace takes.

    Its descriptors have much in common: those of two people are at a cosine of 0.8 or more. So
    their mean over many people is taken off.
    """

    mean: Float[Tensor, "128"]
    crop_to_chip: Float[Tensor, "1 2 3"]

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, _WIDTHS[0], 7, 2)
        blocks: list[nn.Module] = []
        channels = _WIDTHS[0]
        for stage, (width, num) in enumerate(zip(_WIDTHS, _BLOCKS, strict=True)):
            for index in range(num):
                blocks.append(_Block(channels, width, halves=stage > 0 and index == 0))
                channels = width
        self.blocks = nn.Sequential(*blocks)
        self.fc = nn.Linear(channels, DLIB_DIM, bias=False)
        self.register_buffer("mean", torch.zeros(DLIB_DIM))
        self.register_buffer("crop_to_chip", _crop_to_chip(), persistent=False)

    def describe(self, chips: Float[Tensor, "B 3 150 150"]) -> Float[Tensor, "B 128"]:
        """Return dlib's descriptors of its own crops, RGB in [0, 255]."""
        colour = torch.tensor(_MEAN, device=chips.device)[:, None, None]
        x = functional.relu(self.stem((chips - colour) / 256))
        features = self.blocks(functional.max_pool2d(x, 3, 2))
        descriptors: Tensor = self.fc(features.mean((2, 3)))
        return descriptors

    def forward(self, crops: Float[Tensor, "B 3 112 112"]) -> Float[Tensor, "B 128"]:
        """Return descriptors of ArcFace crops in [-1, 1], less the mean."""
        size = [len(crops), 3, CHIP_SIZE, CHIP_SIZE]
        grid = functional.affine_grid(self.crop_to_chip.expand(len(crops), -1, -1), size, False)
        chips = functional.grid_sample(
            crops, grid, mode="bicubic", padding_mode="border", align_corners=False
        )
        return self.describe((chips.clamp(-1, 1) + 1) * 127.5) - self.mean


class _Reader:
    """Reads dlib's serialisation, in which a layer begins with its name.

    An integer is a byte with the number of its bytes, then these, the lowest first. A tensor is a
    version, four sides, and its values.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data = path.read_bytes()
        self.position = 0

    def integer(self) -> int:
        start = self.position + 1
        self.position = start + (self.data[self.position] & 0x7F)
        return int.from_bytes(self.data[start : self.position], "little")

    def parameters(self, layer: bytes, num: int, num_before: int = 0) -> Float[Tensor, "num"]:
        """Return the values of the next layer of a kind, of which so many are wanted."""
        try:
            self.position = self.data.index(layer, self.position) + len(layer)
            sides = [self.integer() for _ in range(num_before + 5)][-4:]
        except (ValueError, IndexError):
            sides = []
        start = self.position
        self.position += 4 * num
        if int(np.prod(sides)) != num or self.position > len(self.data):
            message = (
                f"{self.path}: found no layer {layer.decode()} of {num} values at byte {start}, "
                "wanted dlib_face_recognition_resnet_model_v1.dat"
            )
            raise IdfsrError(message)
        values = np.frombuffer(self.data, "<f4", num, start)
        return torch.from_numpy(values.astype(np.float32))


@torch.no_grad()
def read_published(path: Path) -> DlibResNet:
    """Read the file that dlib publishes; the mean is 0.

    The scale and shift after each convolution are folded into it.

    Raises:
        IdfsrError: The file is missing or is not that file.
    """
    if not path.is_file():
        message = f"{path}: no such file, wanted dlib_face_recognition_resnet_model_v1.dat"
        raise IdfsrError(message)
    reader, network = _Reader(path), DlibResNet()
    for module in network.modules():
        if not isinstance(module, nn.Conv2d):
            continue
        assert module.bias is not None
        num_weights, width = module.weight.numel(), module.out_channels
        values = reader.parameters(b"con_4", num_weights + width)
        gamma, beta = reader.parameters(b"affine_", 2 * width).chunk(2)
        weight = values[:num_weights].reshape(module.weight.shape)
        module.weight.copy_(weight * gamma[:, None, None, None])
        module.bias.copy_(values[num_weights:] * gamma + beta)
    values = reader.parameters(b"fc_2", network.fc.weight.numel(), num_before=2)
    network.fc.weight.copy_(values.reshape(-1, DLIB_DIM).T)
    return network
