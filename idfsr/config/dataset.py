"""Settings of the photographs: which, and where they are."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import Field

from idfsr.config.types import section


@dataclass(frozen=True)
class DataSet:
    """Who is in a data set."""

    name: str
    """As lists of weights call it (`trained_on`)."""
    shares_people_with: tuple[str, ...] = ()
    """Data sets of other names in which some of the people may be too."""


CELEBRITIES: Final = (
    "MS1MV3", "Glint360K", "WebFace260M", "VGGFace", "VGGFace2", "CASIA-WebFace", "IMDB-WIKI",
)  # fmt: skip
"""Photographs of celebrities from the web: whoever is famous may be in several of them."""

DATA_SETS: Final = {"celebref_hq": DataSet("CelebRef-HQ", CELEBRITIES)}
"""By `DatasetConfig.kind`; of a kind that is not here nothing is known but its name."""


@section
class DatasetConfig:
    """Where the photographs are."""

    kind: Literal["synthref", "celebref_hq", "folder"] = "synthref"
    """`synthref` renders its people; `celebref_hq` is aligned as FFHQ; `folder` takes whole
    photographs in a tree <identity>/<image> and aligns them."""
    root: str = ""
    """Folder of the identities' folders; `synthref` makes its own."""
    consent: str = ""
    """Whether and how the people agreed to this use of their photographs, for the report."""
    licence: str = ""
    """Of the photographs, for the report."""


@section
class IndexConfig:
    """Which photographs are taken."""

    max_megapixels: Annotated[int, Field(ge=1, le=1000)] = 100
    """Million pixels; larger photographs are left out before they are decoded. Cameras of phones
    give up to 200, which no face needs. The memory of the jobs that decode them follows from it."""
    max_copy_distance: Annotated[int, Field(ge=0, le=16)] = 4
    """Bits of 64 by which the perceptual hashes of two files of a person may differ that count as
    one photograph saved twice; docs/decisions/0024."""


@section
class IndexStage:
    """What the index is given."""

    dataset: DatasetConfig
    index: IndexConfig
