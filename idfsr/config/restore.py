"""Settings of the sampling of restored images."""

from typing import Annotated, Any

from pydantic import Field

from idfsr.config.types import Count, CountOrNone, NumDdimSteps, Precision, Sampler, Seed, section


@section
class RestoreConfig:
    """Sampling the restored images."""

    sampler: Sampler = "ddim"
    """DDIM as in the paper, or DPM-Solver++(2M), which needs fewer steps; docs/performance.md."""
    num_inference_steps: NumDdimSteps = 20
    """Steps of the sampler: evaluations of the network."""
    precision: Precision = "float32"
    """Of IDFSR's networks as they sample; docs/performance.md says what bfloat16 changes."""
    batch_size: Count = 16
    num_references: CountOrNone = 1
    """References of an image: before the fit z_id is their mean, and z_s is that of the one whose
    landmarks fit best. With 0 z_s is 0 and so is, before the fit, z_id: a network trained with
    `pretrain.condition_dropout` understands that."""
    guidance: Annotated[float, Field(ge=0, le=100)] = 1.0
    """Weight of the guidance by z_id (w + 1 in Ho & Salimans 2022, Eq. 6): 0 predicts without z_id,
    1 with it, as in the paper, and more exaggerates the difference."""


@section
class RestoreStage:
    """What a method is given to restore."""

    seed: Seed
    restore: RestoreConfig
    num_fit_images: Annotated[int, Field(ge=0)]
    """`fit.num_images` for a method that takes the mean over the fit images, else 0."""
    method: dict[str, Any]
    """The method's own settings; empty if it has none."""
