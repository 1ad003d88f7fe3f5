"""The file of an IDFSR network: its weights, and in the header the settings it is built from."""

import dataclasses
from pathlib import Path

import torch

from idfsr.config.model import ModelConfig
from idfsr.config.types import section
from idfsr.models.idfsr import IDFSR
from idfsr.models.weights import dump_settings, read_settings, read_weights, save_weights

MODEL_SETTINGS = "model"
"""Metadata of an IDFSR network: `StoredModel` as JSON."""


@section
class StoredModel(ModelConfig):
    """What the header says: the settings, and what z_id the network understands."""

    id_encoder: str = ""
    """See `IDFSR.id_encoder`."""


def save_model(path: Path, model: IDFSR) -> None:
    """Write an IDFSR network with the settings it is built from; see `save_weights`."""
    stored = StoredModel(**dataclasses.asdict(model.config), id_encoder=model.id_encoder)
    save_weights(path, model, {MODEL_SETTINGS: dump_settings(stored)})


def load_idfsr(path: Path, device: torch.device | str = "cpu") -> IDFSR:
    """Read an IDFSR network, in evaluation mode.

    Raises:
        IdfsrError: The file is missing, not safetensors, or not of such a network.
    """
    stored = read_settings(path, MODEL_SETTINGS, StoredModel)
    fields = dataclasses.asdict(stored)
    id_encoder = fields.pop("id_encoder")
    model = IDFSR(ModelConfig(**fields))
    model.id_encoder = id_encoder
    read_weights(path, model)
    return model.to(device).eval()
