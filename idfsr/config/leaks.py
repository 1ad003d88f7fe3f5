"""What decides which judges of a run know what they judge."""

from idfsr.config.dataset import DatasetConfig
from idfsr.config.metrics import MetricsConfig
from idfsr.config.pretrain import PretrainConfig
from idfsr.config.synthref import SynthrefConfig
from idfsr.config.types import section
from idfsr.config.weights import WeightsConfig


@section
class LeaksStage:
    """What the stage leaks is given."""

    methods: tuple[str, ...]
    dataset: DatasetConfig
    synthref: SynthrefConfig
    pretrain: PretrainConfig
    metrics: MetricsConfig
    weights: WeightsConfig
