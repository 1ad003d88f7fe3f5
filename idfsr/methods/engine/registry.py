"""Methods by name."""

from pathlib import Path
from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor

from idfsr.config.restore import RestoreConfig, RestoreStage
from idfsr.errors import IdfsrError
from idfsr.io.weights_list import weight_paths, weights_folder
from idfsr.methods.asffnet.restore import AsffNetMethod
from idfsr.methods.bicubic import Bicubic
from idfsr.methods.codeformer.restore import CodeFormerMethod
from idfsr.methods.difface.restore import DifFace
from idfsr.methods.dmdnet.restore import DmdNetMethod
from idfsr.methods.dr2.restore import Dr2
from idfsr.methods.engine.contract import Baseline, Context, Method
from idfsr.methods.engine.embedding import load_embedding
from idfsr.methods.engine.spandrel import Gfpgan, RestoreFormer
from idfsr.methods.idfsr.restore import IdfsrMethod
from idfsr.methods.pgdiff.restore import PgDiff, PgDiffReference
from idfsr.models.checkpoint import load_idfsr
from idfsr.models.device import pick_device
from idfsr.models.weights import model_digest
from idfsr.models.winograd import speed_up
from idfsr.run.plugins import method_names, plugin_methods

BASELINES: Final[dict[str, type[Baseline]]] = {
    cls.name: cls
    for cls in (
        Bicubic,
        Gfpgan,
        RestoreFormer,
        CodeFormerMethod,
        PgDiff,
        PgDiffReference,
        Dr2,
        DifFace,
        AsffNetMethod,
        DmdNetMethod,
    )
}
"""Those of this package."""


def find_baseline(name: str) -> type[Baseline]:
    """Return the class of a method, of this package or of another one.

    Raises:
        IdfsrError: There is no such method, or the entry point of that name leads to none.
    """
    if name in BASELINES:
        return BASELINES[name]
    plugins = plugin_methods()
    if name not in plugins:
        message = f"method: found {name!r}, wanted one of {', '.join(method_names())}"
        raise IdfsrError(message)
    try:
        found = plugins[name].load()
    except (ImportError, AttributeError) as error:
        message = f"method {name}: entry point {plugins[name].value}: {error}"
        raise IdfsrError(message) from None
    if not (isinstance(found, type) and issubclass(found, Baseline) and found.name == name):
        message = (
            f"method {name}: entry point {plugins[name].value}: wanted a Baseline of that name"
        )
        raise IdfsrError(message)
    return found


def make_baseline(
    name: str, config: RestoreStage, scale_factor: int, weights_list: Path
) -> Baseline:
    """Return a baseline, ready to restore.

    Args:
        name: As in the tables.
        config: The stage's settings.
        scale_factor: Of the images.
        weights_list: See `idfsr.config.weights.WeightsConfig.baselines`.

    Raises:
        IdfsrError: See `find_baseline`; or a weight file is missing or not what it should be.
    """
    baseline = find_baseline(name)
    folder = weights_folder(weights_list)
    weights = weight_paths(name, baseline.weights, folder, weights_list)
    context = Context(
        seed=config.seed, settings=config.method, scale_factor=scale_factor, weights=weights
    )
    return baseline.load(context)


def make_idfsr(
    name: str,
    config: RestoreStage,
    identity: str,
    scale_factor: int,
    model_path: Path | None,
    embedding_path: Path | None,
) -> Method:
    """Return IDFSR, ready to restore images of one person.

    Args:
        name: "idfsr-pt" or "idfsr-ft".
        config: The stage's settings.
        identity: The person's name.
        scale_factor: Of the images.
        model_path: Weights.
        embedding_path: The person's fitted embedding, for `idfsr-ft`.

    Raises:
        IdfsrError: A file is missing or not what it should be, or the embedding belongs to another
            person, scale factor or network.
    """
    if model_path is None:
        message = f"{name}: found no weights, wanted --model FILE"
        raise IdfsrError(message)
    if name == "idfsr-pt":
        return load_idfsr_method(config.restore, config.seed, model_path, None)
    if embedding_path is None:
        message = f"{name}: found no embedding, wanted --embedding FILE"
        raise IdfsrError(message)
    embedding = load_embedding(
        embedding_path,
        identity=identity,
        scale_factor=scale_factor,
        model_digest=model_digest(model_path),
    )
    return load_idfsr_method(config.restore, config.seed, model_path, embedding.z_id)


def load_idfsr_method(
    config: RestoreConfig, seed: int, model_path: Path, fitted_z_id: Float[Tensor, "512"] | None
) -> IdfsrMethod:
    """Return IDFSR with its weights, on the GPU where there is one.

    Args:
        config: How to sample.
        seed: Of the run.
        model_path: Weights.
        fitted_z_id: See `IdfsrMethod`.

    Raises:
        IdfsrError: The file is missing or not of such a network.
    """
    model = speed_up(load_idfsr(model_path, pick_device()))
    return IdfsrMethod(
        model=model.to(memory_format=torch.channels_last),
        model_digest=model_digest(model_path),
        fitted_z_id=fitted_z_id,
        num_inference_steps=config.num_inference_steps,
        num_references=config.num_references,
        guidance=config.guidance,
        seed=seed,
    )
