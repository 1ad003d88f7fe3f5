"""Settings of the split into people to train on and people to test."""

from typing import Annotated

from pydantic import Field

from idfsr.config.types import EachOnce, PersonName, Seed, section


@section
class SplitConfig:
    """Identities for pretraining and for the test (the paper, "Datasets")."""

    test_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Share of the identities that is sampled, uniformly, for the test."""
    min_images: Annotated[int, Field(ge=4)] = 4
    """Sampled identities with fewer images are left out. The paper does not say how few;
    docs/decisions/0017."""
    representative: Annotated[tuple[PersonName, ...], EachOnce] = ()
    """Identities that are in the test whatever the draw. The paper selects "several" and does not
    say which; docs/decisions/0017."""


@section
class SplitStage:
    """What the split is given."""

    seed: Seed
    split: SplitConfig
