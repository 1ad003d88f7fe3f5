"""What the training of a small network is given."""

from idfsr.config.training import TrainConfig
from idfsr.config.types import Seed, section


@section
class NetworkStage:
    """What the training of a small network is given."""

    seed: Seed
    network: TrainConfig
