"""From a folder of photographs of one person to the person's file."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast, get_args

import numpy as np
import torch

from idfsr.config.types import ScaleFactor
from idfsr.faces.prepare import Prepared, TargetRow, prepare_images, prepare_rows
from idfsr.faces.targets import Face
from idfsr.io.examples import IdentityExamples, load_identity
from idfsr.io.shards import write_shard
from idfsr.photographs.album import MIN_PHOTOGRAPHS, find_faces
from idfsr.photographs.apply import apply_network
from idfsr.photographs.networks import PhotographNetworks
from idfsr.photographs.person import Person
from idfsr.photographs.trial import Trial, try_size
from idfsr.training.fit import FitResult, fit_identity

EVERY = 4
"""Of so many photographs one is kept out of the fit on which restoring is tried."""


def prepare_examples(
    faces: dict[tuple[str, str], Face],
    loaded: PhotographNetworks,
    scale_factors: Sequence[ScaleFactor],
) -> IdentityExamples:
    """Prepare photographs as the workflow does, at several scale factors one after the other."""
    ((identity, _), *_) = faces
    rows = [TargetRow(*key, "fit") for key in faces]
    parts = []
    with TemporaryDirectory() as folder:
        for scale_factor in scale_factors:
            path = Path(folder) / f"x{scale_factor}.parquet"
            prepared = prepare_rows(rows, faces, loaded.networks, loaded.preparing, scale_factor)
            write_shard(
                prepared, path, {"scale_factor": str(scale_factor)}, loaded.model.config.id_dim
            )
            parts.append(cast("dict[str, Any]", load_identity([path], identity, "fit")))
    # the low-resolution images differ in size, and the fit does not look at them
    joined = {
        name: torch.cat([part[name] for part in parts])
        if isinstance(column, torch.Tensor)
        else [value for part in parts for value in part[name]]
        for name, column in parts[0].items()
        if name != "lr_image"
    }
    return cast("IdentityExamples", joined)


def describe_photographs(
    faces: Mapping[tuple[str, str], Face],
    part: str,
    loaded: PhotographNetworks,
    scale_factor: ScaleFactor,
) -> list[Prepared]:
    """Return each photograph aligned, with its landmarks and z_id.

    Args:
        faces: Of one person.
        part: "fit" for references, "test" for what is to be restored.
        loaded: See `load_photograph_networks`.
        scale_factor: How many times smaller they are made.
    """
    rows = [TargetRow(*key, part) for key in faces]
    return list(prepare_images(rows, faces, loaded.networks, loaded.preparing, scale_factor))


def fit_faces(faces: dict[tuple[str, str], Face], loaded: PhotographNetworks) -> FitResult:
    """Fit z_id to the photographs of a person, at all scale factors of the settings at once.

    Raises:
        IdfsrError: See `fit_identity`.
    """
    config = loaded.config
    examples = prepare_examples(faces, loaded, config.shards.scale_factors)
    return fit_identity(loaded.model, examples, examples, config.fit, config.seed)


def try_person(faces: dict[tuple[str, str], Face], loaded: PhotographNetworks) -> tuple[Trial, ...]:
    """Try whether restoring helps, on every fourth photograph with a fit of the others.

    Of a person with two photographs the first one's embedding stands in the place of a fit, for
    which one photograph is too few.

    Raises:
        IdfsrError: See `fit_identity`.
    """
    keys = list(faces)
    kept_out = keys[1::EVERY]
    fitted = {key: face for key, face in faces.items() if key not in kept_out}
    tried = {key: faces[key] for key in kept_out}
    references = describe_photographs(fitted, "fit", loaded, min(get_args(ScaleFactor)))
    if len(fitted) >= MIN_PHOTOGRAPHS:
        z_id = fit_faces(fitted, loaded).z_id
    else:
        z_id = torch.from_numpy(references[0].z_id)
    trials = []
    for scale_factor in get_args(ScaleFactor):
        prepared = describe_photographs(tried, "test", loaded, scale_factor)
        restored = apply_network(prepared, references, z_id, loaded, scale_factor)
        trials.append(try_size(restored, prepared, loaded, scale_factor))
    return tuple(trials)


def fit_person(folder: Path, loaded: PhotographNetworks) -> tuple[Person, FitResult]:
    """Fit z_id of one person to photographs, and try whether restoring helps.

    Args:
        folder: Of the photographs, in which others may be too; see `find_faces`.
        loaded: See `load_photograph_networks`; its `fit` and `shards.scale_factors` are followed.

    Returns:
        The person, named as the folder; and how the fit went, watched on the same photographs.

    Raises:
        IdfsrError: See `find_faces` and `fit_identity`.
    """
    faces = find_faces(folder, loaded)
    trials = try_person(faces, loaded)
    result = fit_faces(faces, loaded)
    references = describe_photographs(faces, "fit", loaded, loaded.config.shards.scale_factors[0])
    targets = [item.target for item in references]
    person = Person(
        z_id=result.z_id,
        ref_images=torch.from_numpy(np.stack([target.gt_image for target in targets])),
        ref_landmarks=torch.from_numpy(np.stack([target.landmarks for target in targets])),
        ref_z_id=torch.from_numpy(np.stack([item.z_id for item in references])),
        ref_crops=torch.from_numpy(np.stack([target.id_crop for target in targets])),
        name=next(iter(faces))[0],
        model_digest=loaded.model_digest,
        id_encoder=loaded.id_encoder,
        trials=trials,
        config=dataclasses.asdict(loaded.config.fit),
    )
    return person, result
