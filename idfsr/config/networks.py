"""Settings of the trainings of small networks."""

from idfsr.config.training import TrainConfig
from idfsr.config.types import Seed, section


@section
class MembersConfig:
    """Trainings of the baselines' embedded members; see `idfsr.training.networks`."""

    prior: TrainConfig = TrainConfig()
    vqgan: TrainConfig = TrainConfig()
    codeformer: TrainConfig = TrainConfig()
    difface_swinir: TrainConfig = TrainConfig()
    pgdiff_restorer: TrainConfig = TrainConfig()
    dr2_enhancer: TrainConfig = TrainConfig()
    asffnet: TrainConfig = TrainConfig()
    dmdnet: TrainConfig = TrainConfig()


@section
class ArcfaceStage:
    """What the training of the ID encoder is given."""

    seed: Seed
    arcface: TrainConfig


@section
class AttributesStage:
    """What the training of the attribute network is given."""

    seed: Seed
    attributes: TrainConfig


@section
class Landmarks68Stage:
    """What the training of the network of 68 landmarks is given."""

    seed: Seed
    landmarks68: TrainConfig


@section
class MemberStage:
    """What the training of a baseline's small network is given."""

    seed: Seed
    member: TrainConfig
