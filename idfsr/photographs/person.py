"""A person as a file: the fitted z_id, and the photographs that serve as references."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from jaxtyping import Float, UInt8
from torch import Tensor

from idfsr.errors import IdfsrError
from idfsr.io.files import atomic_path
from idfsr.models.weights import read_metadata, read_tensors, save_tensors
from idfsr.photographs.trial import Trial, read_trial

METADATA_NAME = "person"
TENSORS = ("z_id", "ref_images", "ref_landmarks", "ref_z_id", "ref_crops")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Person:
    """What it takes, beside the networks, to restore photographs of a person."""

    z_id: Float[Tensor, "D"]
    """The fitted embedding."""
    ref_images: UInt8[Tensor, "K S S 3"]
    """The photographs, aligned as FFHQ, RGB."""
    ref_landmarks: Float[Tensor, "K 5 2"]
    """(x, y) in pixels of `ref_images`."""
    ref_z_id: Float[Tensor, "K D"]
    """The embedding of each photograph by the ID encoder."""
    ref_crops: UInt8[Tensor, "K 112 112 3"]
    """The faces as ArcFace takes them, by which the person is told from others."""
    name: str
    model_digest: str
    """Of the network that z_id was fitted with: for another network z_id has no meaning."""
    id_encoder: str
    """Name of the ID encoder."""
    trials: tuple[Trial, ...]
    """Whether restoring helps, for each size of a face that was tried."""
    config: dict[str, Any]
    """Settings of the fit."""


def save_person(path: Path, person: Person) -> None:
    """Write a person as safetensors. The file holds the photographs, so keep it as private."""
    values = {field.name: getattr(person, field.name) for field in dataclasses.fields(person)}
    values["trials"] = [dataclasses.asdict(trial) for trial in person.trials]
    tensors = {name: values.pop(name).contiguous() for name in TENSORS}
    with atomic_path(path) as temporary:
        metadata = {METADATA_NAME: json.dumps(values, sort_keys=True)}
        save_tensors(temporary, tensors, metadata)


def load_person(path: Path, **wanted: str) -> Person:
    """Read a person.

    Args:
        path: Of the file.
        wanted: Fields of `Person` that must have these values.

    Raises:
        IdfsrError: The file is missing, was damaged or is not one that `save_person` wrote, or the
            person was fitted with another network than is wanted.
    """
    metadata, tensors = read_metadata(path), read_tensors(path)
    if METADATA_NAME not in metadata or tensors.keys() != set(TENSORS):
        message = (
            f"{path}: found {len(tensors)} tensors, wanted a person of idfsr fit --identity-dir, "
            "of this version"
        )
        raise IdfsrError(message)
    values: dict[str, Any] = {**tensors, **json.loads(metadata[METADATA_NAME])}
    values["trials"] = tuple(map(read_trial, values["trials"]))
    person = Person(**values)
    for field, value in wanted.items():
        found = getattr(person, field)
        if found != value:
            message = f"{path}: found {field} {found}, wanted {value}"
            raise IdfsrError(message)
    return person
