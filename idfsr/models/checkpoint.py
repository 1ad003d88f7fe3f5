"""The file of an IDFSR network: its weights, and in the header the settings it is built from."""

from pathlib import Path

import torch

from idfsr.config import ModelConfig
from idfsr.models.idfsr import IDFSR
from idfsr.models.weights import dump_settings, read_settings, read_weights, save_weights

MODEL_SETTINGS = "model"
"""Metadata of an IDFSR network: `ModelConfig` as JSON."""


def save_model(path: Path, model: IDFSR) -> None:
    """Write an IDFSR network with the settings it is built from; see `save_weights`."""
    save_weights(path, model, {MODEL_SETTINGS: dump_settings(model.config)})


def load_idfsr(path: Path, device: torch.device | str = "cpu") -> IDFSR:
    """Read an IDFSR network, in evaluation mode.

    Raises:
        IdfsrError: The file is missing, not safetensors, or not of such a network.
    """
    model = IDFSR(read_settings(path, MODEL_SETTINGS, ModelConfig))
    read_weights(path, model)
    return model.to(device).eval()
