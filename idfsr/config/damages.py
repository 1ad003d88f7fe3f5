"""Settings of the restorations of images that are damaged further."""

from idfsr.config.restore import RestoreConfig
from idfsr.config.types import Seed, section


@section
class DamagesStage:
    """What the restorations under more damage are given."""

    seed: Seed
    restore: RestoreConfig
    search_size: int
    """`lr_detector.image_size`: see `ShardsStage`."""
