"""How a small network is made, learns and is measured: one record for all of them."""

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor, nn

from idfsr.io.digests import file_digest
from idfsr.models.published import save_network

Files = Mapping[str, Sequence[Path]]
"""Files to read, by the name of their argument; see `idfsr.training.networks.FILES`."""

Loss = Callable[[Any, torch.Generator], tuple[Tensor, dict[str, Tensor]]]
"""See `idfsr.training.step.Recipe.loss`."""


@runtime_checkable
class Data(Protocol):
    """What a network learns from, and what of other people it is measured on."""

    @property
    def digest(self) -> str:
        """Of the files that it learns from."""

    def reader(self, batch_size: int) -> Callable[[int], Any]:
        """Return what gives the batch that begins after so many images."""

    def facts(self) -> dict[str, str]:
        """Describe the data for the card."""


class Measured(NamedTuple):
    """How good a network is on people held out."""

    figures: Mapping[str, str]
    """For the card."""
    table: pd.DataFrame | None = None
    """The same as numbers, of a network that is `tabulated`."""


def count_people(
    trained: Iterable[str], held_out: Iterable[str], what: str, seed: int
) -> dict[str, str]:
    """Describe data for a card.

    Args:
        trained: The identity of each image to learn from.
        held_out: The identity of each image to measure on.
        what: What an image shows, in the plural.
        seed: Of the run.
    """
    facts = {"seed": str(seed)}
    for name, identities in (("trained on", [*trained]), ("held out", [*held_out])):
        facts[f"identities {name}"] = str(len(set(identities)))
        facts[f"{what} {name}"] = str(len(identities))
    return facts


def digest_of_files(paths: Iterable[Path]) -> str:
    """Return a digest of the bytes of files, in their order."""
    digests = "".join(file_digest(path) for path in paths)
    return hashlib.sha256(digests.encode()).hexdigest()[:16]


def place(images: Float[Tensor, "*shape H W"], network: nn.Module) -> Float[Tensor, "*shape H W"]:
    """Bring images to the device of a network."""
    device = next(network.parameters()).device
    return images.to(device, memory_format=torch.channels_last, non_blocking=True)


def leave_random(_network: nn.Module, _first: nn.Module | None, _data: Data) -> None:
    """Begin with the random weights of the modules."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Training:
    """How a network is made, learns and is measured.

    Where a function takes `first`, that is the network that was trained before, frozen; None
    without one.
    """

    sizes: Any
    """What the network is made from."""
    make: Callable[[Any], nn.Module]
    """Sizes -> the network, with random weights."""
    read: Callable[[Files, Any], Data]
    """(files, what the stage is given) -> data."""
    initialise: Callable[[Any, nn.Module | None, Any], None] = leave_random
    """(network, first, data): before the first step, in place."""
    learner: Callable[[Any, Any], nn.Module] = lambda network, _data: network
    """(network, data) -> the module that is trained: the network, or one that holds it beside what
    only the training needs."""
    loss: Callable[[Any, nn.Module | None], Loss]
    """(learner, first) -> its loss."""
    measure: Callable[[Any, nn.Module | None, Any], Measured]
    """(network, first, data) -> how good it is on the people held out."""
    save: Callable[[Path, Any, Any], None] = save_network
    """Write (file, network, sizes)."""
