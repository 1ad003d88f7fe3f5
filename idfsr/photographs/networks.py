"""The networks and settings that work on your own photographs."""

import dataclasses
from pathlib import Path
from typing import get_args

import torch

from idfsr.config.shards import ShardsStage
from idfsr.config.types import ScaleFactor
from idfsr.errors import IdfsrError
from idfsr.faces.detector import FaceDetector, load_detector
from idfsr.faces.low_resolution import load_lr_detector
from idfsr.faces.prepare import Networks
from idfsr.io.places import locate
from idfsr.methods.engine.registry import find_method
from idfsr.metrics.mobilenetv2.network import MobileNetV2, load_mobilenetv2
from idfsr.metrics.sface.network import SFace, load_sface
from idfsr.models.checkpoint import load_idfsr
from idfsr.models.id_encoder import load_id_encoder
from idfsr.models.idfsr import IDFSR
from idfsr.models.weights import model_digest
from idfsr.models.winograd import speed_up
from idfsr.photographs.background import Enlarger
from idfsr.photographs.methods import OtherMethod
from idfsr.run.config import Config

CONFIG = Path("config/photographs.yaml")
"""Settings of the commands, unless another file is named."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PhotographNetworks:
    """Networks and settings, loaded once for all photographs."""

    config: Config
    """Of whole photographs, at the size of the model."""
    model: IDFSR
    model_digest: str
    detector: FaceDetector
    """Of faces in photographs."""
    networks: Networks
    """Those that see the aligned faces: the LR detector and the ID encoder."""
    id_encoder: str
    """Name of the ID encoder."""
    recogniser: SFace
    """Tells people apart; no training or fit has used it."""
    perceptual: MobileNetV2
    """Of the perceptual distance."""
    other: OtherMethod | None = None
    """Restores in the place of `model`."""
    enlarger: Enlarger | None = None
    """Enlarges photographs in the place of the bicubic filter."""

    @property
    def preparing(self) -> ShardsStage:
        """The settings that aligned faces are prepared with."""
        return ShardsStage(
            seed=self.config.seed,
            dataset=self.config.dataset,
            shards=self.config.shards,
            search_size=self.config.lr_detector.image_size,
        )


def load_photograph_networks(
    config: Config, assets_dir: Path, device: torch.device
) -> PhotographNetworks:
    """Load the networks that the settings name.

    Args:
        config: Its sections `landmarks`, `lr_detector`, `shards` and `weights`.
        assets_dir: Folder of the asset packages.
        device: Where to compute.

    Raises:
        IdfsrError: A weight file is missing or not what it should be, or the ID encoder is not the
            one that the model was trained with.
    """
    for name in ("idfsr", "lr_detector"):
        if not getattr(config.weights, name):
            message = f"weights.{name}: found none, wanted a file for photographs of your own"
            raise IdfsrError(message)
    model_path = locate(config.weights.idfsr)
    model = speed_up(load_idfsr(model_path, device))
    encoder = load_id_encoder(locate(config.weights.id_encoder), device)
    if model.id_encoder and encoder.name != model.id_encoder:
        message = (
            f"{config.weights.id_encoder}: found the encoder {encoder.name}, "
            f"wanted {model.id_encoder}, which {model_path} was trained with"
        )
        raise IdfsrError(message)
    lr_detector = load_lr_detector(locate(config.weights.lr_detector), device)
    config = dataclasses.replace(
        config,
        dataset=dataclasses.replace(config.dataset, kind="folder"),
        shards=dataclasses.replace(config.shards, image_size=model.config.image_size),
    )
    return PhotographNetworks(
        config=config,
        model=model,
        model_digest=model_digest(model_path),
        detector=load_detector(config.landmarks, assets_dir, device),
        networks=Networks(lr_detector, encoder.embed),
        id_encoder=encoder.name,
        recogniser=load_sface(assets_dir, device),
        perceptual=load_mobilenetv2(assets_dir, device),
    )


def with_method(loaded: PhotographNetworks, name: str) -> PhotographNetworks:
    """Return the networks with another method, whose own size the settings then have.

    Args:
        loaded: See `load_photograph_networks`.
        name: Of the method, as in the tables.

    Raises:
        IdfsrError: See `load_method`.
    """
    other = OtherMethod(method=find_method(name), config=loaded.config)
    size = other.restorer(min(get_args(ScaleFactor))).native_size
    shards = dataclasses.replace(
        loaded.config.shards, image_size=size or loaded.config.shards.image_size
    )
    return dataclasses.replace(
        loaded, config=dataclasses.replace(loaded.config, shards=shards), other=other
    )
