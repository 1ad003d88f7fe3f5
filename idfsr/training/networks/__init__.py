"""The small networks that are trained here: a folder for each, found by its name.

The folder's `__init__.py` says what the network is, without torch, for the workflow reads it. Its
`training.py` says how the network learns, as a `TRAINING`: see `idfsr.training.networks.record`. A
new network is a new folder. No file lists them all, so that an edit of one reruns no other.
"""

import dataclasses
import importlib
import pkgutil
from typing import Final, Literal

from idfsr.config.networks import NetworkStage

Reads = Literal["crops", "faces", "marked_faces", "photographs"]

FILES: Final[dict[Reads, tuple[str, ...]]] = {
    "crops": ("crops",),
    "faces": ("shards", "held_out"),
    "marked_faces": ("shards", "held_out", "truth"),
    "photographs": ("split", "manifest", "landmarks", "root", "assets"),
}
"""What a network learns from, and the arguments of `idfsr train` that name the files of it."""

OPTIONAL: Final[dict[Reads, tuple[str, ...]]] = {"photographs": ("init",)}
"""Arguments that may be absent: weights to begin with."""

SMALLER: Final = (
    "Not its authors' network: smaller, and trained on rendered people for minutes.",
    "Not evidence of how a person looked: what it adds is plausible, not true.",
)
"""Limits of the baselines' networks."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Network:
    """What a small network is."""

    title: str
    """Of its card."""
    reads: Reads
    """Aligned crops with labels; faces of shards, sharp and degraded; such whose 68 landmarks the
    renderer knows; or photographs in which a face was found."""
    objective: str
    """The loss in words."""
    limits: tuple[str, ...]
    """What the network is not, a sentence each."""
    embedded: str = ""
    """Its file in idfsr/weights/; empty for one that only another begins with."""
    first: str = ""
    """The network that must be trained before it, where there is one."""
    continues: bool = False
    """Whether it begins with the weights of that one, whose training then counts."""
    stage: type[NetworkStage] = NetworkStage
    """What its training is given."""
    tabulated: bool = False
    """Whether its figures are also a table."""


def network_names() -> tuple[str, ...]:
    """Return the names of all small networks, sorted."""
    return tuple(sorted(found.name for found in pkgutil.iter_modules(__path__) if found.ispkg))


def find_network(name: str) -> Network:
    """Return what a network is; `name` is one of `network_names`."""
    found: Network = importlib.import_module(f"{__name__}.{name}").NETWORK
    return found


def modules_of(name: str) -> tuple[str, ...]:
    """Return the modules that `idfsr train` imports by name for a network.

    They are its own and those of the network that is trained before it.
    """
    first = find_network(name).first
    own = (f"{__name__}.{name}", f"{__name__}.{name}.training")
    return own + (modules_of(first) if first else ())
