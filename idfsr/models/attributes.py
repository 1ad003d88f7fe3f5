"""A small network for the attributes of a face: age, gender and expression.

It stands in for DeepFace's analysis (IDFSR, Table 2), whose weights cannot be shipped. One trunk of
`iresnet` blocks on ArcFace crops, a linear head an attribute.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from idfsr.constants import EXPRESSIONS, GENDERS
from idfsr.errors import IdfsrError
from idfsr.models.iresnet import make_layer
from idfsr.models.weights import dump_settings, read_settings, read_weights, save_weights

METADATA_NAME = "attributes"

WIDTHS = (16, 32, 96, 160)
"""Channels of the stem and of the three layers, at 56, 28, 14 and 7 px."""


@dataclass(frozen=True)
class AttributeConfig:
    """The classes a network was trained on, in the order of their indices."""

    gender: tuple[str, ...] = GENDERS
    expression: tuple[str, ...] = EXPRESSIONS


class AttributeNet(nn.Module):
    """Aligned 112 px face in, attributes out."""

    age_mean: Tensor
    """Of the training images, in years; the head for the age predicts multiples of `age_std`."""
    age_std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, WIDTHS[0], 3, 2, padding=1, bias=False),
            nn.BatchNorm2d(WIDTHS[0]),
            nn.PReLU(WIDTHS[0]),
        )
        self.trunk = nn.Sequential(
            *(make_layer(WIDTHS[i], WIDTHS[i + 1], 1) for i in range(len(WIDTHS) - 1)),
            nn.BatchNorm2d(WIDTHS[-1]),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.heads = nn.ModuleDict(
            {
                "age": nn.Linear(WIDTHS[-1], 1),
                "gender": nn.Linear(WIDTHS[-1], len(GENDERS)),
                "expression": nn.Linear(WIDTHS[-1], len(EXPRESSIONS)),
            }
        )
        self.register_buffer("age_mean", torch.zeros(()))
        self.register_buffer("age_std", torch.ones(()))
        self.to(memory_format=torch.channels_last)  # a fifth faster on a CPU

    def forward(self, crops: Float[Tensor, "B 3 112 112"]) -> dict[str, Float[Tensor, "B _"]]:
        """Return what the heads give for crops in [-1, 1].

        Returns:
            "age", standardised, of width 1; "gender" and "expression", logits.
        """
        features = self.trunk(self.stem(crops))
        return {name: head(features) for name, head in self.heads.items()}

    @torch.no_grad()
    def predict(self, crops: Float[Tensor, "B 3 112 112"]) -> dict[str, Shaped[Tensor, "B"]]:
        """Return the attributes of crops in [-1, 1], on the network's device.

        Returns:
            "age" in years; "gender" and "expression", indices into the classes of
            `idfsr.constants`.
        """
        outputs = self(crops.to(self.age_mean.device))
        age = outputs.pop("age")[:, 0] * self.age_std + self.age_mean
        return {"age": age} | {name: logits.argmax(dim=1) for name, logits in outputs.items()}


def save_attributes(path: Path, network: AttributeNet) -> None:
    """Write a network with its classes; see `save_weights`."""
    save_weights(path, network, {METADATA_NAME: dump_settings(AttributeConfig())})


def load_attributes(path: Path, device: torch.device | str = "cpu") -> AttributeNet:
    """Read a network, in evaluation mode.

    Raises:
        IdfsrError: The file is missing, not safetensors, of another network, or of other classes.
    """
    found, wanted = read_settings(path, METADATA_NAME, AttributeConfig), AttributeConfig()
    if found != wanted:
        message = f"{path}: classes found: {found}; wanted {wanted}"
        raise IdfsrError(message)
    network = AttributeNet()
    read_weights(path, network)
    return network.to(device).eval()
