"""Settings of the paper's figures."""

from typing import Annotated

from pydantic import Field

from idfsr.config.synthref import SynthrefConfig
from idfsr.config.types import EachOnce, Seed, section


@section
class PaperFiguresConfig:
    """What the paper's figures show."""

    images: Annotated[tuple[Annotated[str, Field(pattern=r"^[^/]+/[^/]+$")], ...], EachOnce] = ()
    """Test images of Figs. 1 and 4 as identity/image, the first of which is that of Fig. 1; none
    leaves them to the draw."""


@section
class PaperFiguresStage:
    """What the paper's figures are given."""

    seed: Seed
    methods: tuple[str, ...]
    synthref: SynthrefConfig
    figures: PaperFiguresConfig
