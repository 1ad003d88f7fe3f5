"""Settings of the photographs: which, and where they are."""

from typing import Literal

from idfsr.config.types import section


@section
class DatasetConfig:
    """Where the photographs are."""

    kind: Literal["synthref", "celebref_hq", "folder"] = "synthref"
    """`synthref` renders its people; `celebref_hq` is aligned as FFHQ; `folder` takes whole
    photographs in a tree <identity>/<image> and aligns them."""
    root: str = ""
    """Folder of the identities' folders; `synthref` makes its own."""


@section
class IndexStage:
    """What the index is given."""

    dataset: DatasetConfig
