"""Networks of others: filled from the files that their authors published, or from ours.

Ours are smaller, and say in their headers how large they are.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from idfsr.errors import IdfsrError
from idfsr.models.device import pick_device
from idfsr.models.foreign import read_torch_file
from idfsr.models.weights import (
    check_state,
    dump_settings,
    read_settings,
    read_weights,
    save_weights,
)

Network = TypeVar("Network", bound=nn.Module)
Sizes = TypeVar("Sizes")

OWN_SUFFIX = ".safetensors"
"""Of the files that `save_network` makes; nobody publishes one of these networks so."""

_WRAPPERS = ("state_dict", "params_ema", "params")
_PREFIX = "module."


def save_network(path: Path, network: nn.Module, sizes: object) -> None:
    """Write a network that `load_network` reads.

    Args:
        path: Ends with `OWN_SUFFIX`; see `save_weights`.
        network: Of a class that is made from its sizes alone.
        sizes: The dataclass it was made from.
    """
    save_weights(path, network, {type(network).__name__: dump_settings(sizes)})


def load_network(
    make: Callable[[Sizes], Network],
    sizes: Sizes,
    path: Path,
    wanted: str,
    derived: tuple[str, ...] = (),
) -> Network:
    """Make a network and fill it, from the file of its authors or from one of ours.

    Args:
        make: The class of the network.
        sizes: A dataclass, the published sizes. A file of ours brings its own.
        path: The file.
        wanted: See `load_published`.
        derived: Likewise.

    Raises:
        IdfsrError: See `load_published`, `read_settings` and `read_weights`.
    """
    if path.suffix != OWN_SUFFIX:
        return load_published(make(sizes), path, wanted, derived)
    network = make(read_settings(path, make.__name__, type(sizes)))
    read_weights(path, network)
    return _make_ready(network)


def load_published(
    network: Network, path: Path, wanted: str, derived: tuple[str, ...] = ()
) -> Network:
    """Fill a network, freeze it and put it on the GPU where there is one.

    The tensors may stand under a name such as "params_ema", their own names behind "module.", as
    PyTorch's parallel training writes them. What belongs to no part of the network, such as a step
    counter, is left.

    Args:
        network: Of the published sizes.
        path: The file.
        wanted: What it should be, for an error.
        derived: Ends of names of tensors that the network makes itself.

    Raises:
        IdfsrError: See `read_torch_file`; or its names or shapes are not those of the network.
    """
    state = _tensors(read_torch_file(path, wanted), path, wanted)
    parts = {name.split(".")[0] for name in network.state_dict()}
    own = {
        name: tensor
        for name, tensor in state.items()
        if name.split(".")[0] in parts and not (derived and name.endswith(derived))
    }
    check_state(own, network.state_dict(), f"{path}: {wanted}")
    network.load_state_dict(own)
    return _make_ready(network)


def _make_ready(network: Network) -> Network:
    modules = [*network.modules()]
    if not any(isinstance(module, nn.GroupNorm | nn.InstanceNorm2d) for module in modules):
        # convolutions are faster where a pixel's channels lie side by side, but there PyTorch's
        # normalisation of groups loses digits
        for module in modules:
            if isinstance(module, nn.Conv2d):
                module.to(memory_format=torch.channels_last)
    return network.eval().requires_grad_(False).to(pick_device())


def _tensors(content: Any, path: Path, wanted: str) -> dict[str, Tensor]:
    if not isinstance(content, Mapping):
        message = f"{path}: found {type(content).__name__}, wanted {wanted}"
        raise IdfsrError(message)
    wrapped = (content[name] for name in _WRAPPERS if isinstance(content.get(name), Mapping))
    return {
        str(name).removeprefix(_PREFIX): value
        for name, value in next(wrapped, content).items()
        if isinstance(value, torch.Tensor)
    }
