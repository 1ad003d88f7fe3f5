"""Training of one member, with the loop and the card of every training."""

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from idfsr.config.networks import MemberStage
from idfsr.constants import MEMBER_FIRST
from idfsr.errors import IdfsrError
from idfsr.io.digests import file_digest
from idfsr.io.history import History
from idfsr.models.landmarks68 import Landmarks68Config, Landmarks68Net
from idfsr.models.published import load_network
from idfsr.models.spectral import settle_spectral_norm
from idfsr.models.weights import count_parameters, model_digest
from idfsr.training.card import Card, read_card
from idfsr.training.loop import Trained, train
from idfsr.training.networks import MEMBERS
from idfsr.training.networks.faces import FaceReader, read_faces, split_batches
from idfsr.training.order import derive_seed
from idfsr.training.step import Recipe

NUM_FIRST_FACES = 64
"""What a network's first weights may be made from."""
MEASURED_BATCH = 16
LANDMARKS = "landmarks68"
"""No member of a method's family, but trained before two of them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sources:
    """Files that a training reads."""

    shards: Sequence[Path]
    """Of the part `pretrain`."""
    held_out: Sequence[Path]
    """Shards of the people of the test."""
    first: Path | None = None
    """Weights of the member that must be trained before, where there is one; see `MEMBER_FIRST`."""
    first_card: Path | None = None
    """The card of that."""


def find_first(name: str, sources: Sources) -> tuple[nn.Module | None, History | None]:
    """Return the network that a member wants trained before it, and how it was; None without one.

    Raises:
        IdfsrError: It is wanted and not given, or a file is not of such a network.
    """
    if name not in MEMBER_FIRST:
        return None, None
    if sources.first is None or sources.first_card is None:
        message = (
            f"{name}: found no --first or no --first-card, "
            f"wanted weights and card of {MEMBER_FIRST[name]}"
        )
        raise IdfsrError(message)
    history = read_card(sources.first_card)
    if MEMBER_FIRST[name] == LANDMARKS:
        config = Landmarks68Config()
        return load_network(Landmarks68Net, config, sources.first, "68 landmarks"), history
    first = MEMBERS[MEMBER_FIRST[name]]
    return load_network(first.make, first.sizes, sources.first, first.title), history


def train_member(
    name: str, config: MemberStage, sources: Sources, state_dir: Path, device: torch.device
) -> tuple[nn.Module, Trained, Card]:
    """Train a member and measure it on people it has not seen.

    Args:
        name: One of `MEMBERS`.
        config: What the stage is given.
        sources: What is read.
        state_dir: Of the training loop.
        device: Where it is trained.

    Returns:
        The network with averaged weights, what the loop returned, and the card.

    Raises:
        IdfsrError: See `read_faces`, `find_first` and `train`.
    """
    member, settings = MEMBERS[name], config.member
    faces, others = read_faces(sources.shards, "pretrain"), read_faces(sources.held_out)
    first, before = find_first(name, sources)
    torch.manual_seed(derive_seed(config.seed, name, "weights"))
    network = member.make(member.sizes).to(device)
    reader = FaceReader(faces=faces, batch_size=NUM_FIRST_FACES, seed=config.seed)
    member.initialise(network, first, reader(0))
    digests = "".join(file_digest(path) for path in sources.shards)
    recipe = Recipe(
        name=name,
        module=network,
        loss=member.loss(network, first),
        batch_at=FaceReader(faces=faces, batch_size=settings.batch_size, seed=config.seed),
        settings={
            "sizes": str(member.sizes),
            "shards": hashlib.sha256(digests.encode()).hexdigest()[:16],
            "first": model_digest(sources.first) if sources.first else "",
        },
    )
    trained = train(recipe, settings, config.seed, state_dir, device)
    network.load_state_dict(trained.ema)
    settle_spectral_norm(network)
    card = Card(
        title=member.title,
        data={
            "seed": str(config.seed),
            "identities": str(len(set(faces.identities))),
            "faces": str(len(faces)),
            "identities held out": str(len(set(others.identities))),
        },
        training={
            "sizes": str(member.sizes),
            "loss": member.objective,
            "batch": str(settings.batch_size),
            "learning rate": f"{settings.learning_rate:g}",
            "decay of the average": f"{settings.ema_decay:g}",
            "precision": settings.precision,
        },
        trained=trained,
        device=device,
        num_parameters=count_parameters(network),
        before=before if member.continues else None,
        figures=dict(member.measure(network.eval(), first, split_batches(others, MEASURED_BATCH))),
        limits=(
            "Not its authors' network: smaller, and trained on rendered people for minutes.",
            "Not evidence of how a person looked: what it adds is plausible, not true.",
        ),
    )
    return network, trained, card
