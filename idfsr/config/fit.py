"""Settings of the fit of one person."""

from typing import Literal

from idfsr.config.types import Count, CountOrNone, LearningRate, Precision, Seed, section


@section
class FitConfig:
    """Fitting z_id of one identity (the paper, "Pretraining and Finetuning")."""

    num_steps: Count = 2000
    batch_size: Count = 4
    precision: Precision = "float32"
    """Of the frozen networks; z_id and its optimiser stay in float32."""
    learning_rate: LearningRate = 1e-3
    """Of the first step; it falls to 0 along half a cosine. The paper does not say how large it is
    nor how many steps there are; docs/decisions/0008 and 0019."""
    init: Literal["reference", "mean"] = "reference"
    """Start from the embedding of one reference image, or the mean over the fit images."""
    num_images: CountOrNone = 0
    """Fit images used, the first ones, also as each other's references; 0 takes all."""
    num_evaluations: Count = 10
    """Points of the curve of the loss on the held-out test images."""
    identities_at_once: Count = 1
    """People of a job (`identities_per_job`) who are fitted together, in one pass of the network:
    each takes 7 GB at 256 px with a batch of 4. Only the last digits of z_id depend on it."""
    patience: CountOrNone = 0
    """Evaluations in a row without a lower loss on the fit images after which the fit ends with the
    best z_id; 0 makes all steps. The loss is measured at fixed timesteps and noise that no step
    uses. The paper has no such rule; docs/decisions/0019."""


@section
class FitStage:
    """What the fit is given."""

    seed: Seed
    fit: FitConfig
