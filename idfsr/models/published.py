"""Networks filled from the files that their authors published."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from idfsr.errors import IdfsrError
from idfsr.models.device import pick_device
from idfsr.models.foreign import read_torch_file
from idfsr.models.weights import check_state

Network = TypeVar("Network", bound=nn.Module)

_WRAPPERS = ("state_dict", "params_ema", "params")
_PREFIX = "module."


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
