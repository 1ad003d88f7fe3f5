"""Training of one small network, with the loop and the card of every training."""

import dataclasses
import importlib
from pathlib import Path

import pandas as pd
import torch
from torch import nn

from idfsr.config.networks import NetworkStage
from idfsr.config.training import TrainConfig
from idfsr.io.history import History
from idfsr.models.published import load_network
from idfsr.models.spectral import settle_spectral_norm
from idfsr.models.weights import count_parameters, model_digest
from idfsr.training.card import Card, read_card
from idfsr.training.loop import Trained, train
from idfsr.training.networks import Network, find_network
from idfsr.training.networks.record import Files, Training
from idfsr.training.order import derive_seed
from idfsr.training.step import Recipe


@dataclasses.dataclass(frozen=True, kw_only=True)
class First:
    """The network that was trained before another one."""

    weights: Path
    card: Path


@dataclasses.dataclass(frozen=True, kw_only=True)
class Result:
    """What a training gives."""

    network: nn.Module
    """With averaged weights."""
    trained: Trained
    card: Card
    table: pd.DataFrame | None
    """See `Measured`."""


def find_training(name: str) -> Training:
    """Return how a network learns; `name` is one of `network_names`."""
    found: Training = importlib.import_module(f"idfsr.training.networks.{name}.training").TRAINING
    return found


def load_first(network: Network, first: First | None) -> tuple[nn.Module | None, History | None]:
    """Return the network that was trained before another one, and how it was; None without one.

    Raises:
        IdfsrError: A file is not of such a network.
    """
    if first is None:
        return None, None
    training, title = find_training(network.first), find_network(network.first).title
    loaded = load_network(training.make, training.sizes, first.weights, title)
    return loaded, read_card(first.card)


def _recipe_rows(training: Training, about: Network, settings: TrainConfig) -> dict[str, str]:
    """Return the rows of the card that say how a network is trained."""
    return {
        "network": str(training.sizes),
        "loss": about.objective,
        "batch": str(settings.batch_size),
        "learning rate": f"{settings.learning_rate:g}",
        "decay of the average": f"{settings.ema_decay:g}",
        "precision": settings.precision,
    }


def train_network(
    name: str,
    config: NetworkStage,
    files: Files,
    first: First | None,
    state_dir: Path,
    device: torch.device,
) -> Result:
    """Train a network and measure it on people it has not seen.

    Args:
        name: One of `network_names`.
        config: What the stage is given.
        files: What it reads.
        first: The network that was trained before, where the network wants one.
        state_dir: Of the training loop.
        device: Where it is trained.

    Raises:
        IdfsrError: See the network's `read`, `load_first` and `train`.
    """
    about, training, settings = find_network(name), find_training(name), config.network
    data = training.read(files, config)
    before, history = load_first(about, first)
    torch.manual_seed(derive_seed(config.seed, name, "weights"))
    network = training.make(training.sizes).to(device)
    training.initialise(network, before, data)
    learner = training.learner(network, data)
    recipe = Recipe(
        name=name,
        module=learner,
        loss=training.loss(learner, before),
        batch_at=data.reader(settings.batch_size),
        settings={
            "sizes": str(training.sizes),
            "data": data.digest,
            "first": model_digest(first.weights) if first else "",
        },
    )
    trained = train(recipe, settings, config.seed, state_dir, device)
    learner.load_state_dict(trained.ema)
    settle_spectral_norm(network)
    measured = training.measure(network.eval(), before, data)
    card = Card(
        title=about.title,
        data=data.facts(),
        training=_recipe_rows(training, about, settings),
        trained=trained,
        device=device,
        num_parameters=count_parameters(network),
        before=history if about.continues else None,
        figures=dict(measured.figures),
        limits=about.limits,
    )
    return Result(network=network, trained=trained, card=card, table=measured.table)
