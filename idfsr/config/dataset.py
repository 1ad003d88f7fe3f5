"""Settings of the photographs: which, and where they are."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import Field

from idfsr.config.types import Count, section

Kind = Literal["synthref", "celebref_hq", "folder", "casia_webface", "celebv_text", "ref_ldm"]


@dataclass(frozen=True)
class DataSet:
    """Who is in a data set."""

    name: str
    """As lists of weights call it (`trained_on`)."""
    shares_people_with: tuple[str, ...] = ()
    """Data sets of other names in which some of the people may be too."""


CELEBRITIES: Final = (
    "MS1MV3", "Glint360K", "WebFace260M", "VGGFace", "VGGFace2", "CASIA-WebFace", "IMDB-WIKI",
    "FaceScrub",
)  # fmt: skip
"""Photographs of celebrities from the web: whoever is famous may be in several of them."""

DATA_SETS: Final = {
    "celebref_hq": DataSet("CelebRef-HQ", CELEBRITIES),
    "casia_webface": DataSet("CASIA-WebFace", CELEBRITIES),
    "celebv_text": DataSet("CelebV-Text", CELEBRITIES),
}
"""By `DatasetConfig.kind`; of a kind that is not here nothing is known but its name."""


@section
class DatasetConfig:
    """Where the photographs are."""

    kind: Kind = "synthref"
    """`synthref` renders its people; `celebref_hq` is aligned as FFHQ; `folder` takes whole
    photographs in a tree <identity>/<image> and aligns them, and so do `casia_webface`, also from a
    file of records, and `celebv_text`, from clips; `ref_ldm` takes aligned images in any tree, and
    the people from a table of references. docs/datasets.md describes each."""
    root: str = ""
    """Folder of the identities' folders, or of clips or images; `synthref` makes its own. Of
    `casia_webface` also a file .rec with its .idx beside it."""
    references: str = ""
    """Table of `ref_ldm`, CSV: which images show the same person."""
    frames_per_clip: Count = 4
    """Of `celebv_text`: frames at equal distances in time, the first half a distance from the
    beginning."""
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
