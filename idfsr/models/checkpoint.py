"""The file of an IDFSR network: its weights, and in the header the settings it is built from."""

from collections.abc import Mapping
from pathlib import Path

import torch

from idfsr.config import ModelConfig
from idfsr.models.idfsr import IDFSR
from idfsr.models.weights import dump_settings, read_settings, read_weights, save_weights

MODEL_SETTINGS = "model"
"""Metadata of an IDFSR network: `ModelConfig` as JSON."""


def save_model(
    path: Path, model: IDFSR, config: ModelConfig, extra: Mapping[str, str], *, half: bool = False
) -> None:
    """Write an IDFSR network with the settings it is built from.

    Args:
        path: See `save_weights`.
        model: The network.
        config: Its settings, which become the metadata "model" as JSON.
        extra: More metadata, e.g. the images seen.
        half: See `save_weights`.
    """
    save_weights(path, model, {**extra, MODEL_SETTINGS: dump_settings(config)}, half=half)


def load_idfsr(path: Path, device: torch.device | str = "cpu") -> IDFSR:
    """Read an IDFSR network, in evaluation mode.

    Raises:
        IdfsrError: The file is missing, not safetensors, or not of such a network.
    """
    model = IDFSR(read_settings(path, MODEL_SETTINGS, ModelConfig))
    read_weights(path, model)
    return model.to(device).eval()
