"""Settings of rendering people."""

from typing import Annotated, Literal

from pydantic import Field

from idfsr.config.types import Count, Seed, section


@section
class SynthrefConfig:
    """The rendered people of the embedded default."""

    population: Literal["demo", "training"] = "demo"
    """Demo people are never used to train an embedded network; training people only for that."""
    num_identities: Count = 40
    num_images: Count = 8
    """Images of each identity."""
    image_size: Annotated[int, Field(ge=64, le=1024)] = 256
    """Side in pixels."""


@section
class SynthrefStage:
    """What the renderer is given."""

    seed: Seed
    synthref: SynthrefConfig
