"""Settings of the paper's figures."""

from typing import Annotated

from pydantic import Field

from idfsr.config.fit import FitConfig
from idfsr.config.restore import RestoreConfig
from idfsr.config.synthref import SynthrefConfig
from idfsr.config.types import EachOnce, Seed, section


@section
class PaperFiguresConfig:
    """What the paper's figures show."""

    images: Annotated[tuple[Annotated[str, Field(pattern=r"^[^/]+/[^/]+$")], ...], EachOnce] = ()
    """Test images of Figs. 1 and 4 as identity/image, the first of which is that of Fig. 1; none
    leaves them to the draw."""


@section
class CountsConfig:
    """Restoring with z_id of a few of a person's fit images (the paper, Fig. 7)."""

    num_photographs: Annotated[tuple[Annotated[int, Field(ge=2)], ...], EachOnce] = ()
    """How many, each in turn; people with fewer fit images than the largest are left out. None
    leaves Fig. 7 out. The shards must hold all pairs: `shards.num_references` as many as there are
    other fit images."""


@section
class CountsStage:
    """What the restorations with a few photographs are given."""

    seed: Seed
    fit: FitConfig
    restore: RestoreConfig
    counts: CountsConfig


@section
class PaperFiguresStage:
    """What the paper's figures are given."""

    seed: Seed
    methods: tuple[str, ...]
    synthref: SynthrefConfig
    figures: PaperFiguresConfig
