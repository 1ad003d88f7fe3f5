"""Settings of the probes."""

from idfsr.config.restore import RestoreConfig
from idfsr.config.types import Count, Seed, section


@section
class ProbesConfig:
    """Restoring with one condition exchanged or left out."""

    num_images: Count = 2
    """Test images of each person, the first ones."""


@section
class ProbesStage:
    """What the probes are given."""

    seed: Seed
    restore: RestoreConfig
    probes: ProbesConfig
