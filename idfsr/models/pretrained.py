"""Starting IDFSR from the published weights of DiffAE (IDFSR, "Pretraining and Finetuning")."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from idfsr.models.idfsr import IDFSR
from idfsr.models.weights import check_state

FIRST_CONVOLUTION = "input_blocks.0.0.weight"


@dataclass(frozen=True)
class LoadReport:
    """What became of the tensors."""

    num_copied: int
    """Taken as they are."""
    inflated: tuple[str, ...]
    """Taken with channels of 0 added."""
    new: tuple[str, ...]
    """Not in the weights, left as they were initialised."""


def inflate_first_conv(
    weight: Float[Tensor, "D C k k"], in_channels: int
) -> Float[Tensor, "D E k k"]:
    """Add input channels with weights of 0 after those there are.

    The convolution then gives the same whatever the added channels of the image hold.
    """
    inflated = torch.zeros(len(weight), in_channels, *weight.shape[2:], dtype=weight.dtype)
    inflated[:, : weight.shape[1]] = weight
    return inflated


def load_diffae_state(model: IDFSR, state: Mapping[str, Tensor]) -> LoadReport:
    """Fill a network with the weights of DiffAE.

    Args:
        model: Of the same sizes as the DiffAE network.
        state: Of DiffAE's network, without prefixes such as "ema_model.".

    Returns:
        What was new: the parameters called `id_...` and nothing else.

    Raises:
        IdfsrError: A tensor of DiffAE is missing, has another shape, or is not known.
    """
    wanted = model.state_dict()
    own = {name for name in wanted if any(part.startswith("id_") for part in name.split("."))}
    expected = {name: tensor for name, tensor in wanted.items() if name not in own}
    state = dict(state)
    if FIRST_CONVOLUTION in state:
        in_channels = wanted[FIRST_CONVOLUTION].shape[1]
        state[FIRST_CONVOLUTION] = inflate_first_conv(state[FIRST_CONVOLUTION], in_channels)
    check_state(state, expected, "DiffAE weights")
    model.load_state_dict(state, strict=False)
    return LoadReport(len(state) - 1, (FIRST_CONVOLUTION,), tuple(n for n in wanted if n in own))
