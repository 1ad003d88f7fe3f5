"""Training of the network for age, gender, race and expression: four tasks, one trunk."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (the name everybody uses)
from jaxtyping import Float
from torch import Tensor

from idfsr.config.networks import AttributesStage
from idfsr.constants import EXPRESSIONS, GENDERS, RACES
from idfsr.errors import IdfsrError
from idfsr.io.digests import file_digest
from idfsr.io.tensors import to_network
from idfsr.models.attributes import AttributeNet
from idfsr.models.weights import count_parameters
from idfsr.training.card import Card
from idfsr.training.loop import Trained, train
from idfsr.training.networks.crops import (
    CropBatch,
    CropReader,
    Crops,
    crop_facts,
    hold_out,
    read_crops,
)
from idfsr.training.order import derive_seed
from idfsr.training.step import Recipe

CLASSES = {"gender": GENDERS, "race": RACES, "expression": EXPRESSIONS}
SIZES = (32, 48, 64, 112)
"""Resolutions of the augmentation: restored faces may be softer than their 50 px."""


def encode_labels(crops: Crops, source: Path) -> Float[Tensor, "N 4"]:
    """Return the labels as numbers: years, then the index of each class in `CLASSES`.

    Args:
        crops: With the columns age_years, gender, race and expression.
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
    outputs: dict[str, Tensor], targets: Float[Tensor, "B 4"], network: AttributeNet
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the sum of the four losses and each of them.

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


def attributes_recipe(
    network: AttributeNet,
    crops: Crops,
    targets: Float[Tensor, "N 4"],
    config: AttributesStage,
    settings: dict[str, Any],
    device: torch.device,
) -> Recipe:
    """Return what the training loop needs to train the attributes.

    Args:
        network: Gets mean and deviation of the age from the targets.
        crops: To train on.
        targets: See `encode_labels`.
        config: Of the run.
        settings: See `Recipe`.
        device: Where it is trained.
    """
    network.age_mean.copy_(targets[:, 0].mean())
    network.age_std.copy_(targets[:, 0].std(correction=0).clamp(min=1.0))

    def loss(batch: CropBatch, _: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        outputs = network(batch.images.to(device, memory_format=torch.channels_last))
        return multitask_loss(outputs, batch.targets.to(device), network)

    reader = CropReader(
        crops=crops,
        targets=targets,
        batch_size=config.attributes.batch_size,
        seed=config.seed,
        sizes=SIZES,
    )
    return Recipe(name="attributes", module=network, loss=loss, batch_at=reader, settings=settings)


def measure_attributes(
    network: AttributeNet, crops: Crops, targets: Float[Tensor, "N 4"]
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


def train_attributes(
    config: AttributesStage, crops_path: Path, state_dir: Path, device: torch.device
) -> tuple[AttributeNet, Trained, Card]:
    """Train the embedded attribute network and measure it on held-out identities.

    Args:
        config: Its sections `seed` and `attributes`.
        crops_path: See `read_crops`.
        state_dir: Of the training loop.
        device: Where it is trained.

    Returns:
        The network with averaged weights, what the loop returned, and the card.

    Raises:
        IdfsrError: See `read_crops`, `encode_labels`, `hold_out` and `train`.
    """
    crops = read_crops(crops_path, ("age_years", *CLASSES))
    inside, outside = hold_out(crops, config.seed, crops_path)
    targets, truth = encode_labels(inside, crops_path), encode_labels(outside, crops_path)
    torch.manual_seed(derive_seed(config.seed, "attributes", "weights"))
    network = AttributeNet()
    settings = {"crops": file_digest(crops_path)}
    recipe = attributes_recipe(network, inside, targets, config, settings, device)
    trained = train(recipe, config.attributes, config.seed, state_dir, device)
    network.load_state_dict(trained.ema)
    figures = measure_attributes(network, outside, truth)
    chance = {name: f"(chance {1 / len(classes):.2f})" for name, classes in CLASSES.items()}
    spread = (truth[:, 0] - targets[:, 0].mean()).abs().mean().item()
    card = Card(
        title="Age, gender, race and expression, small",
        data=crop_facts(inside, outside, config.seed),
        training={
            "loss": "smooth L1 on the standardised age, cross-entropy on the others, summed",
            "batch": str(config.attributes.batch_size),
            "learning rate": f"{config.attributes.learning_rate:g}",
        },
        trained=trained,
        device=device,
        num_parameters=count_parameters(network),
        figures={
            "mean error of the age": f"{figures['age']:.2f} years (always the mean: {spread:.2f})",
            **{f"accuracy, {name}": f"{figures[name]:.3f} {chance[name]}" for name in CLASSES},
        },
        limits=(
            "Not a judge of real people: it has seen rendered faces only.",
            "Not DeepFace's analysis, which IDFSR uses; figures of the two do not compare.",
            "Not fit for any decision about a person.",
        ),
    )
    return network, trained, card
