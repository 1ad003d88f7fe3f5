"""What is taken out of a data set that is unpacked."""

from pathlib import Path
from typing import NamedTuple


class Item(NamedTuple):
    """An image of a data set, or why there is none.

    Attributes:
        identity: Whose it is.
        name: Of the file to make.
        source: Where it comes from, below the root of the data set.
        content: Bytes of an image file, or a file to link to; None if there is none.
        problem: Why there is none, "<kind>" or "<kind>: <detail>".
    """

    identity: str
    name: str
    source: str
    content: bytes | Path | None
    problem: str = ""
