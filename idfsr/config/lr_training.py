"""What the training of the LR detector is given: sections that other stages have too."""

from idfsr.config.dataset import DatasetConfig
from idfsr.config.landmarks import LandmarksConfig
from idfsr.config.lr_detector import LrDetectorConfig
from idfsr.config.shards import ShardsConfig
from idfsr.config.types import Seed, section


@section
class LrDetectorStage:
    """What the training of the LR detector is given."""

    seed: Seed
    dataset: DatasetConfig
    landmarks: LandmarksConfig
    lr_detector: LrDetectorConfig
    shards: ShardsConfig
