"""Methods by name."""

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from idfsr.baselines.bicubic import Bicubic
from idfsr.baselines.contract import Method
from idfsr.baselines.embedding import load_embedding
from idfsr.baselines.idfsr import IdfsrMethod
from idfsr.config import Config
from idfsr.constants import METHOD_NAMES
from idfsr.errors import IdfsrError
from idfsr.models.checkpoint import load_idfsr
from idfsr.models.device import pick_device
from idfsr.models.weights import model_digest


def make_method(
    name: str,
    config: Config,
    identity: str,
    scale_factor: int,
    model_path: Path | None,
    embedding_path: Path | None,
) -> Method:
    """Return a method, ready to restore images of one person.

    Args:
        name: As in the tables.
        config: Its sections `seed` and `restore`.
        identity: The person's name.
        scale_factor: Of the images.
        model_path: Weights of the methods that have some.
        embedding_path: The person's fitted embedding, for `idfsr-ft`.

    Raises:
        IdfsrError: There is no such method, a file is missing or not what it should be, or the
            embedding belongs to another person, scale factor or network.
    """
    if name not in METHOD_NAMES:
        message = f"method: found {name!r}, wanted one of {', '.join(METHOD_NAMES)}"
        raise IdfsrError(message)
    if name == Bicubic.name:
        return Bicubic()
    if model_path is None:
        message = f"{name}: found no weights, wanted --model FILE"
        raise IdfsrError(message)
    if name == "idfsr-pt":
        return load_idfsr_method(config, model_path, None)
    if embedding_path is None:
        message = f"{name}: found no embedding, wanted --embedding FILE"
        raise IdfsrError(message)
    embedding = load_embedding(
        embedding_path,
        identity=identity,
        scale_factor=scale_factor,
        model_digest=model_digest(model_path),
    )
    return load_idfsr_method(config, model_path, embedding.z_id)


def load_idfsr_method(
    config: Config, model_path: Path, fitted_z_id: Float[Tensor, "512"] | None
) -> IdfsrMethod:
    """Return IDFSR with its weights, on the GPU where there is one.

    Args:
        config: Its sections `seed` and `restore`.
        model_path: Weights.
        fitted_z_id: See `IdfsrMethod`.

    Raises:
        IdfsrError: The file is missing or not of such a network.
    """
    model = load_idfsr(model_path, pick_device())
    return IdfsrMethod(
        model=model.to(memory_format=torch.channels_last),
        model_digest=model_digest(model_path),
        fitted_z_id=fitted_z_id,
        num_inference_steps=config.restore.num_inference_steps,
        num_references=config.restore.num_references,
        guidance=config.restore.guidance,
        seed=config.seed,
    )
