"""Starting IDFSR from the published weights of DiffAE (IDFSR, "Pretraining and Finetuning")."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor

from idfsr.errors import IdfsrError
from idfsr.models.foreign import read_torch_file
from idfsr.models.idfsr import IDFSR
from idfsr.models.weights import check_state

FIRST_CONVOLUTION: Final = "input_blocks.0.0.weight"

LIGHTNING_CLASSES: Final = ("pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint",)
"""Classes that a checkpoint of PyTorch Lightning 1.4 names as keys of its callbacks' states."""

AVERAGED: Final = "ema_model."
"""Prefix of the averaged weights, the ones that DiffAE evaluates."""

LATENT: Final = "latent_net."
"""Prefix of the network that draws style embeddings, in some of the files; not used here."""


@dataclass(frozen=True)
class LoadReport:
    """What became of the tensors."""

    num_copied: int
    """Taken as they are."""
    inflated: tuple[str, ...]
    """Taken with channels of 0 added."""
    new: tuple[str, ...]
    """Not in the weights, left as they were initialised."""

    def __str__(self) -> str:
        return (
            f"{self.num_copied} tensors as they are, {len(self.inflated)} inflated, "
            f"{len(self.new)} new"
        )


def read_diffae_checkpoint(path: Path) -> dict[str, Tensor]:
    """Read the averaged weights in a checkpoint that DiffAE publishes.

    It is one of PyTorch Lightning: the network twice, as trained (`model.`) and averaged, beside
    the state of the training.

    Args:
        path: E.g. ffhq256_autoenc/last.ckpt.

    Returns:
        DiffAE's network and encoder, without prefixes.

    Raises:
        IdfsrError: The file is missing, cut short, or not such a checkpoint.
    """
    wanted = "a checkpoint of DiffAE"
    checkpoint = read_torch_file(path, wanted, LIGHTNING_CLASSES)
    state = checkpoint.get("state_dict") if isinstance(checkpoint, dict) else None
    averaged = {
        name.removeprefix(AVERAGED): tensor
        for name, tensor in (state.items() if isinstance(state, dict) else ())
        if name.startswith(AVERAGED) and isinstance(tensor, Tensor)
    }
    if not averaged:
        found = f"keys {', '.join(map(str, checkpoint))}" if isinstance(checkpoint, dict) else ""
        message = (
            f"{path}: found {found[:80] or type(checkpoint).__name__}, "
            f"wanted {wanted} with tensors state_dict.{AVERAGED}*"
        )
        raise IdfsrError(message)
    return {name: tensor for name, tensor in averaged.items() if not name.startswith(LATENT)}


def inflate_first_conv(
    weight: Float[Tensor, "D C k k"], in_channels: int
) -> Float[Tensor, "D E k k"]:
    """Add input channels with weights of 0 after those there are.

    The convolution then gives the same whatever the added channels of the image hold.
    """
    inflated = torch.zeros(len(weight), in_channels, *weight.shape[2:], dtype=weight.dtype)
    inflated[:, : weight.shape[1]] = weight
    return inflated


def load_diffae_state(model: IDFSR, state: Mapping[str, Tensor], source: str) -> LoadReport:
    """Fill a network with the weights of DiffAE.

    Args:
        model: Of the same sizes as the DiffAE network.
        state: Of DiffAE's network, without prefixes such as "ema_model.".
        source: What to call the weights in an error.

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
    check_state(state, expected, source)
    model.load_state_dict(state, strict=False)
    return LoadReport(len(state) - 1, (FIRST_CONVOLUTION,), tuple(n for n in wanted if n in own))
