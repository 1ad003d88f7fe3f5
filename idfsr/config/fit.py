"""Settings of the fit of one person."""

from typing import Annotated, Literal

from pydantic import Field

from idfsr.config.types import Count, Positive, Seed, section


@section
class FitConfig:
    """Fitting z_id of one identity (IDFSR, "Pretraining and Finetuning")."""

    num_steps: Count = 2000
    batch_size: Count = 4
    learning_rate: Positive = 1e-3
    """At first; it falls to 0 along half a cosine. IDFSR does not say; z_id has unit norm, so 1e-4
    moves it little in so many steps."""
    init: Literal["reference", "mean"] = "reference"
    """Start from the embedding of one reference image, or the mean over the fit images."""
    num_images: Annotated[int, Field(ge=0)] = 0
    """Fit images used, the first ones, also as each other's references; 0 takes all."""
    num_evaluations: Count = 10
    """Points of the curve of the loss on the held-out test images."""
    identities_at_once: Count = 1
    """People of a job (`identities_per_job`) who share the network's passes: at 256 px each takes
    7 GB with a batch of 4. Nothing but the last digits depends on it."""
    patience: Annotated[int, Field(ge=0)] = 0
    """Points in a row without a lower loss on the fit images, at timesteps and noise of no step,
    after which the fit ends with the best z_id; 0 makes all steps. IDFSR has no such rule."""


@section
class FitStage:
    """What the fit is given."""

    seed: Seed
    fit: FitConfig
