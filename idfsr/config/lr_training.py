"""What the training of the LR detector is given."""

from idfsr.config.dataset import DatasetConfig
from idfsr.config.lr_detector import LrDetectorConfig
from idfsr.config.types import Fraction, Seed, section


@section
class LrDetectorStage:
    """What the training of the LR detector is given."""

    seed: Seed
    dataset: DatasetConfig
    lr_detector: LrDetectorConfig
    gt_size: int
    """`shards.image_size`: side of the ground truth, in pixels."""
    score_threshold: Fraction
    """`landmarks.score_threshold`: a face with a higher score counts as found."""
