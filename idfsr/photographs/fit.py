"""From a folder of photographs of one person to the person's file."""

import dataclasses
import logging
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np
import torch

from idfsr.config.dataset import IndexConfig
from idfsr.config.types import ScaleFactor
from idfsr.dataset.copies import find_copies, photograph_hash
from idfsr.dataset.listing import find_images
from idfsr.errors import IdfsrError
from idfsr.faces.prepare import Prepared, TargetRow, prepare_images, prepare_rows
from idfsr.faces.targets import Face
from idfsr.io.decoding import UnreadableImageError
from idfsr.io.digests import file_digest
from idfsr.io.examples import IdentityExamples, load_identity
from idfsr.io.images import read_image
from idfsr.io.shards import write_shard
from idfsr.photographs.networks import PhotographNetworks
from idfsr.photographs.person import Person
from idfsr.training.fit import FitResult, fit_identity

logger = logging.getLogger(__name__)

MIN_PHOTOGRAPHS = 2
"""Each photograph is learnt from with another one as its reference."""


def find_faces(folder: Path, loaded: PhotographNetworks) -> dict[tuple[str, str], Face]:
    """Return the largest face of each photograph in a folder, by folder and file name.

    Raises:
        IdfsrError: The folder is missing, or fewer than two of its photographs show a face. Those
            that do not, or cannot be read, are listed in the log.
    """
    paths = find_images([folder])
    person, faces, hashes = folder.resolve().name, {}, {}
    for path in paths:
        image_size = loaded.config.landmarks.image_size
        try:
            image = read_image(path)
        except UnreadableImageError as error:
            logger.warning("%s, left out", error)
            continue
        (found,) = loaded.detector.detect([image], image_size)
        if len(found.scores):
            index = found.largest()
            faces[person, path.name] = Face(
                path, file_digest(path), found.boxes[index], found.landmarks[index]
            )
            hashes[path.name] = photograph_hash(image)
        else:
            logger.warning("%s: no face, left out", path)
    for name, first in find_copies(hashes.items(), IndexConfig().max_copy_distance).items():
        logger.warning("%s: shows what %s shows, and teaches nothing more", folder / name, first)
    if len(faces) < MIN_PHOTOGRAPHS:
        message = (
            f"{folder}: found {len(faces)} photographs with a face among {len(paths)}, "
            f"wanted at least {MIN_PHOTOGRAPHS} of one person"
        )
        raise IdfsrError(message)
    return faces


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
            write_shard(prepared, path, {"scale_factor": str(scale_factor)})
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


def describe_references(
    faces: dict[tuple[str, str], Face], loaded: PhotographNetworks, scale_factor: ScaleFactor
) -> list[Prepared]:
    """Return each photograph aligned, with its landmarks and z_id."""
    rows = [TargetRow(*key, "fit") for key in faces]
    return list(prepare_images(rows, faces, loaded.networks, loaded.preparing, scale_factor))


def fit_person(folder: Path, loaded: PhotographNetworks) -> tuple[Person, FitResult]:
    """Fit z_id of one person to photographs, at all scale factors of the settings at once.

    Args:
        folder: Of the photographs; the largest face of each is taken.
        loaded: See `load_photograph_networks`; its `fit` and `shards.scale_factors` are followed.

    Returns:
        The person, named as the folder; and how the fit went, watched on the same photographs.

    Raises:
        IdfsrError: See `find_faces` and `fit_identity`.
    """
    config = loaded.config
    faces = find_faces(folder, loaded)
    examples = prepare_examples(faces, loaded, config.shards.scale_factors)
    result = fit_identity(loaded.model, examples, examples, config.fit, config.seed)
    references = describe_references(faces, loaded, config.shards.scale_factors[0])
    person = Person(
        z_id=result.z_id,
        ref_images=torch.from_numpy(np.stack([item.target.gt_image for item in references])),
        ref_landmarks=torch.from_numpy(np.stack([item.target.landmarks for item in references])),
        ref_z_id=torch.from_numpy(np.stack([item.z_id for item in references])),
        name=next(iter(faces))[0],
        model_digest=loaded.model_digest,
        id_encoder=loaded.id_encoder,
        config=dataclasses.asdict(config.fit),
    )
    return person, result
