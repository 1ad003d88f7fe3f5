"""Settings of what is prepared once for each image."""

from typing import Annotated, Literal

from pydantic import Field

from idfsr.config.dataset import DatasetConfig
from idfsr.config.types import Count, EachOnce, ListedScaleFactor, Seed, section


@section
class ShardsConfig:
    """What is prepared once for each target image."""

    image_size: Annotated[int, Field(ge=32, le=512)] = 256
    """Side of the ground truth, in pixels."""
    scale_factors: Annotated[tuple[ListedScaleFactor, ...], Field(min_length=1), EachOnce] = (8, 16)
    degradation: Literal["bicubic", "blind"] = "bicubic"
    """How low-resolution images are made: bicubic alone, or with blur, noise and JPEG drawn for
    each image, as blind face restoration is trained. The LR detector learns from bicubic ones."""
    num_references: Count = 4
    """References prepared for each target, drawn from the identity's other images. The paper does
    not say from which of them; docs/decisions/0017."""
    reference_size: Annotated[int, Field(ge=0, le=1024)] = 0
    """Side in pixels at which the photographs of the fit part are kept beside their ground truth,
    for methods whose networks take larger references than `image_size`; 0 keeps none."""
    landmark_jitter: Annotated[float, Field(ge=0, le=0.2)] = 0.013
    """Standard deviation of the noise on the landmarks of pretraining images, in place of a
    detection: of a shift that the points share, and of each point by itself, as a share of the
    image's side. As large as the errors of the embedded LR detector at x8 and x16. The paper does
    not say which landmarks it trains with; docs/decisions/0011."""
    rows_per_shard: Count = 500
    batch_size: Count = 32


@section
class ShardsStage:
    """What the preparation of shards is given."""

    seed: Seed
    dataset: DatasetConfig
    shards: ShardsConfig
    search_size: int
    """`lr_detector.image_size`: side to which a low-resolution face is brought before it is
    searched, in pixels."""
