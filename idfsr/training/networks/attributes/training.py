"""Training of the network for age, gender and expression: three tasks, one trunk."""

import dataclasses
from pathlib import Path
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (the name everybody uses)
from jaxtyping import Float
from torch import Tensor, nn

from idfsr.config.networks import NetworkStage
from idfsr.constants import EXPRESSIONS, GENDERS
from idfsr.errors import IdfsrError
from idfsr.io.digests import file_digest
from idfsr.io.tensors import to_network
from idfsr.models.attributes import AttributeConfig, AttributeNet, save_attributes
from idfsr.training.networks.crops import CropBatch, CropData, Crops, hold_out, read_crops
from idfsr.training.networks.record import Files, Loss, Measured, Training, place

CLASSES = {"gender": GENDERS, "expression": EXPRESSIONS}
SIZES = (32, 48, 64, 112)
"""Resolutions of the augmentation: restored faces may be softer than their 50 px."""


def encode_labels(crops: Crops, source: Path) -> Float[Tensor, "N 3"]:
    """Return the labels as numbers: years, then the index of each class in `CLASSES`.

    Args:
        crops: With the columns age_years, gender and expression.
        source: What to call the crops in an error.

    Raises:
        IdfsrError: A word that is not a class.
    """
    columns = [crops.labels["age_years"].to_numpy(dtype=np.float32)]
    for name, classes in CLASSES.items():
        index = {word: number for number, word in enumerate(classes)}
        unknown = sorted(set(crops.labels[name]) - set(index))
        if unknown:
            message = f"{source}: found {name} {unknown[0]!r}, wanted one of {', '.join(classes)}"
            raise IdfsrError(message)
        columns.append(crops.labels[name].map(index).to_numpy(dtype=np.float32))
    return torch.from_numpy(np.stack(columns, axis=1))


def multitask_loss(
    outputs: dict[str, Tensor], targets: Float[Tensor, "B 3"], network: AttributeNet
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the sum of the three losses and each of them.

    Smooth L1 (Girshick 2015, Eq. 3) on the age in standard deviations, cross-entropy on the others.

    Args:
        outputs: Of the network.
        targets: See `encode_labels`.
        network: It knows mean and deviation of the age.
    """
    age = (targets[:, 0] - network.age_mean) / network.age_std
    losses = {"age": F.smooth_l1_loss(outputs["age"][:, 0].float(), age)}
    for column, name in enumerate(CLASSES, start=1):
        losses[name] = F.cross_entropy(outputs[name].float(), targets[:, column].long())
    return torch.stack(list(losses.values())).sum(), losses


@dataclasses.dataclass(frozen=True, kw_only=True)
class LabelledData(CropData):
    """Crops with their labels as numbers; see `encode_labels`."""

    truth: Float[Tensor, "N 3"]
    """Of the people held out, as `targets` of those to learn from."""


def read_labelled(files: Files, config: NetworkStage) -> LabelledData:
    """Read crops with their labels.

    Raises:
        IdfsrError: See `read_crops`, `encode_labels` and `hold_out`.
    """
    (path,) = files["crops"]
    inside, outside = hold_out(read_crops(path, ("age_years", *CLASSES)), config.seed, path)
    return LabelledData(
        inside=inside,
        outside=outside,
        targets=encode_labels(inside, path),
        truth=encode_labels(outside, path),
        sizes=SIZES,
        seed=config.seed,
        digest=file_digest(path),
    )


def take_ages(network: AttributeNet, _: nn.Module | None, data: LabelledData) -> None:
    """Tell the network mean and deviation of the age."""
    ages = data.targets[:, 0]
    network.age_mean.copy_(ages.mean())
    network.age_std.copy_(ages.std(correction=0).clamp(min=1.0))


def attributes_loss(network: AttributeNet, _: nn.Module | None) -> Loss:
    """Return the sum of the losses of the three tasks; see `multitask_loss`."""

    def loss(batch: CropBatch, _: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        outputs = network(place(batch.images, network))
        return multitask_loss(outputs, batch.targets.to(network.age_mean.device), network)

    return loss


def measure_errors(
    network: AttributeNet, crops: Crops, targets: Float[Tensor, "N 3"]
) -> dict[str, float]:
    """Return the mean error of the age in years, and the share of right answers for the others.

    Args:
        network: Put into evaluation mode.
        crops: Not trained on.
        targets: See `encode_labels`.
    """
    network.eval()
    parts = np.array_split(crops.pixels, -(-len(crops) // 64))
    found = [network.predict(to_network(pixels)) for pixels in parts]
    predicted = {name: torch.cat([part[name] for part in found]).cpu() for name in found[0]}
    figures = {"age": (predicted["age"] - targets[:, 0]).abs().mean().item()}
    for column, name in enumerate(CLASSES, start=1):
        figures[name] = (predicted[name] == targets[:, column]).float().mean().item()
    return figures


def measure_attributes(network: AttributeNet, _: nn.Module | None, data: LabelledData) -> Measured:
    """Return the error of the age and the accuracies, each beside what chance would give."""
    found = measure_errors(network, data.outside, data.truth)
    spread = (data.truth[:, 0] - data.targets[:, 0].mean()).abs().mean().item()
    figures = {"mean error of the age": f"{found['age']:.2f} years (always the mean: {spread:.2f})"}
    for name, classes in CLASSES.items():
        figures[f"accuracy, {name}"] = f"{found[name]:.3f} (chance {1 / len(classes):.2f})"
    return Measured(figures)


TRAINING: Final = Training(
    sizes=AttributeConfig(),
    make=lambda _: AttributeNet(),
    read=read_labelled,
    initialise=take_ages,
    loss=attributes_loss,
    measure=measure_attributes,
    save=lambda path, network, _: save_attributes(path, network),
)
