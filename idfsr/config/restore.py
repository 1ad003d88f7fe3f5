"""Settings of the sampling of restored images."""

from typing import Annotated, Any

from pydantic import Field

from idfsr.config.types import Count, Seed, section


@section
class RestoreConfig:
    """Sampling the restored images."""

    num_inference_steps: Count = 20
    """DDIM steps."""
    batch_size: Count = 16
    num_references: Annotated[int, Field(ge=0)] = 1
    """References of an image: before the fit z_id is their mean, and z_s is that of the one whose
    landmarks fit best. With 0 z_s is 0 and so is, before the fit, z_id: a network trained with
    `pretrain.condition_dropout` understands that."""
    guidance: Annotated[float, Field(ge=0)] = 1.0
    """How far the prediction goes from the one without z_id to the one with it, and beyond (Ho &
    Salimans 2022, Eq. 6, with w + 1); 1 takes the one with it, as the paper does."""


@section
class RestoreStage:
    """What a method is given to restore."""

    seed: Seed
    restore: RestoreConfig
    method: dict[str, Any]
    """The method's own settings; empty if it has none."""
