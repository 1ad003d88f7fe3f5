"""What a pretraining begins with: random weights, those of an IDFSR, or those of DiffAE."""

import dataclasses
import logging
import os
from pathlib import Path

import torch
from torch import Tensor

from idfsr.config.model import ModelConfig
from idfsr.config.pretrain import PretrainStage
from idfsr.errors import IdfsrError
from idfsr.io.files import atomic_path
from idfsr.io.history import History, read_history
from idfsr.io.places import cache_folder
from idfsr.models.checkpoint import load_idfsr
from idfsr.models.idfsr import IDFSR
from idfsr.models.pretrained import load_diffae_state, read_diffae_checkpoint
from idfsr.models.weights import model_digest, read_tensors, save_tensors
from idfsr.training.order import derive_seed

logger = logging.getLogger(__name__)


def read_diffae_once(path: Path) -> dict[str, Tensor]:
    """Read a checkpoint of DiffAE, and keep its averaged weights beside it.

    They are a quarter of the file, and safetensors: what begins or goes on later reads only them.
    Where the checkpoint's folder cannot be written to, they stand in `cache_folder`.

    Raises:
        IdfsrError: See `read_diffae_checkpoint`.
    """
    name = f"diffae-{model_digest(path)}.safetensors"
    beside = path.with_name(name)
    writable = beside.is_file() or os.access(path.parent, os.W_OK)
    cached = beside if writable else cache_folder() / name
    if not cached.is_file():
        state = read_diffae_checkpoint(path)
        with atomic_path(cached) as temporary:
            tensors = {name: tensor.contiguous() for name, tensor in state.items()}
            save_tensors(temporary, tensors, {})
        logger.info("%s: converted to %s", path, cached)
    return read_tensors(cached)


def _begin_from_diffae(model: IDFSR, init: Path) -> str:
    if model.config.prediction != "epsilon":
        message = (
            f"{init}: DiffAE predicts epsilon, found model.prediction {model.config.prediction}"
        )
        raise IdfsrError(message)
    report = load_diffae_state(model, read_diffae_once(init), str(init))
    description = f"DiffAE {model_digest(init)}: {report}"
    logger.info("%s: %s", init, description)
    return description


@dataclasses.dataclass(frozen=True, kw_only=True)
class FirstWeights:
    """What a pretraining begins with."""

    description: str
    history: History | None = None
    """Of an IDFSR that was trained before."""


def first_model(config: PretrainStage, init: Path | None) -> tuple[IDFSR, FirstWeights]:
    """Return the network to begin with.

    Args:
        config: Its sections `seed` and `model`.
        init: An IDFSR of an earlier pretraining (.safetensors), or a checkpoint of DiffAE (any
            other suffix). None takes random weights of the run's seed, which also are those of the
            layers that DiffAE lacks.

    Returns:
        The network, and what its weights are.

    Raises:
        IdfsrError: The file is not of such a network, or of one with other settings.
    """
    if init is not None and init.suffix == ".safetensors":
        model = load_idfsr(init)
        for field in dataclasses.fields(ModelConfig):
            found, wanted = getattr(model.config, field.name), getattr(config.model, field.name)
            if found != wanted:
                message = f"{init}: found model.{field.name} {found}, wanted {wanted}"
                raise IdfsrError(message)
        return model, FirstWeights(description=model_digest(init), history=read_history(init))
    torch.manual_seed(derive_seed(config.seed, "pretrain", "weights"))
    model = IDFSR(config.model)
    description = _begin_from_diffae(model, init) if init else "random"
    return model, FirstWeights(description=description)
