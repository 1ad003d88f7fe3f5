"""Settings of the pretraining."""

from typing import Annotated

from pydantic import Field

from idfsr.config.model import ModelConfig
from idfsr.config.training import TrainConfig
from idfsr.config.types import CountOrNone, Seed, section


@section
class PretrainConfig(TrainConfig):
    """Pretraining of IDFSR.

    The paper does not say its batch, length and learning rate; docs/decisions/0019.
    """

    condition_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """How often z_s, and independently z_id, of an example is 0 (Ho & Salimans 2022, Algorithm 1).
    The network then also knows what to do without them. The paper has no such dropout;
    docs/decisions/0009."""
    id_loss_weight: Annotated[float, Field(ge=0, le=1e6)] = 0.0
    """Weight of the identity loss (`idfsr.training.id_loss`) beside Eq. 1. The paper has no such
    loss; docs/decisions/0013."""
    sample_images: CountOrNone = 0
    """Images between two sheets of restored test images, made by the averaged network while it is
    trained; 0 makes none."""


@section
class PretrainStage:
    """What the pretraining is given."""

    seed: Seed
    model: ModelConfig
    pretrain: PretrainConfig
