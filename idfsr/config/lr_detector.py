"""Settings of the face detector on low-resolution images, and of its training."""

from typing import Annotated

from pydantic import Field

from idfsr.config.dataset import DatasetConfig
from idfsr.config.networks import NetworkStage
from idfsr.config.training import TrainConfig
from idfsr.config.types import Count, CountOrNone, Fraction, LearningRate, section


@section
class LrDetectorConfig(TrainConfig):
    """RetinaFace fine-tuned on degraded faces.

    The paper does not say how; docs/decisions/0018 and 0020.
    """

    num_images: CountOrNone = 800
    """Images to see in all; 0 keeps the detector as it is. A training of a few steps makes it
    worse, so 0 is right where there is no time for the recipe (docs/decisions/0020)."""
    batch_size: Count = 16
    learning_rate: LearningRate = 1e-3
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.99
    checkpoint_images: Count = 1600
    """Images between two checkpoints."""
    image_size: Annotated[int, Field(ge=64, le=512, multiple_of=32)] = 128
    """Side to which a low-resolution face is brought before it is searched, in pixels."""
    max_images: Count = 2000
    """Pretraining images used, drawn with the seed."""


@section
class LrDetectorStage(NetworkStage):
    """What the training of the LR detector is given."""

    network: LrDetectorConfig
    dataset: DatasetConfig
    gt_size: int
    """`shards.image_size`: side of the ground truth, in pixels."""
    score_threshold: Fraction
    """`landmarks.score_threshold`: a face with a higher score counts as found."""
