"""The fitted ID embedding of one person as a file."""

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jaxtyping import Float
from torch import Tensor

from idfsr.errors import IdfsrError
from idfsr.io.files import atomic_path
from idfsr.models.weights import read_metadata, read_tensors, save_tensors

METADATA_NAME = "fit"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Embedding:
    """z_id of one person, and what it belongs to."""

    z_id: Float[Tensor, "D"]
    identity: str
    scale_factor: int
    model_digest: str
    """Of the network it was fitted with: another network does not understand it."""
    config: dict[str, Any]
    """Settings of the fit."""


def save_embedding(path: Path, embedding: Embedding) -> None:
    """Write an embedding as safetensors: the vector, and the rest as JSON in the metadata.

    One entry of metadata, for safetensors gives several no fixed order, and the same fit is to make
    the same bytes.
    """
    facts = {
        field.name: getattr(embedding, field.name)
        for field in dataclasses.fields(embedding)
        if field.name != "z_id"
    }
    with atomic_path(path) as temporary:
        metadata = {METADATA_NAME: json.dumps(facts, sort_keys=True)}
        save_tensors(temporary, {"z_id": embedding.z_id.contiguous()}, metadata)


def load_z_ids(paths: Iterable[Path], **wanted: str | int) -> dict[str, Float[Tensor, "D"]]:
    """Read the fitted z_id of several people, by their names.

    Args:
        paths: Of the files.
        wanted: See `load_embedding`.

    Raises:
        IdfsrError: See `load_embedding`.
    """
    embeddings = [load_embedding(path, **wanted) for path in paths]
    return {embedding.identity: embedding.z_id for embedding in embeddings}


def load_embedding(path: Path, **wanted: str | int) -> Embedding:
    """Read an embedding.

    Args:
        path: Of the file.
        wanted: Fields of `Embedding` that must have these values.

    Raises:
        IdfsrError: The file is missing, was damaged or is not one that `save_embedding` wrote, or
            the embedding belongs to another person, scale factor or network than is wanted.
    """
    metadata, tensors = read_metadata(path), read_tensors(path)
    sides = {name: tensor.ndim for name, tensor in tensors.items()}
    if METADATA_NAME not in metadata or sides != {"z_id": 1}:
        message = f"{path}: found {len(sides)} tensors, wanted z_id of a fit with its metadata"
        raise IdfsrError(message)
    embedding = Embedding(z_id=tensors["z_id"], **json.loads(metadata[METADATA_NAME]))
    for field, value in wanted.items():
        found = getattr(embedding, field)
        if found != value:
            message = f"{path}: found {field} {found}, wanted {value}"
            raise IdfsrError(message)
    return embedding
