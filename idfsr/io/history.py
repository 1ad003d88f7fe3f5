"""How a network was trained, in the header of its weight file: what the tables' footnotes say.

Apart from `idfsr.models.weights`, so that the tables do not wait for torch.
"""

from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError, safe_open

from idfsr.config.types import section
from idfsr.errors import IdfsrError
from idfsr.io.seals import check_weights

HISTORY: Final = "history"
"""Metadata of a network that was trained here: `History` as JSON."""


@section
class History:
    """All trainings of a network, one after the other."""

    title: str
    """Of the last one's card."""
    num_parameters: int
    images_seen: int
    minutes: float
    """Spent in steps."""


def read_history(path: Path) -> History | None:
    """Return how a network was trained; None if its file does not say.

    Raises:
        IdfsrError: There is no such file, it is not safetensors, it was damaged, or it says
            something else.
    """
    try:
        check_weights(path)
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
        if HISTORY not in metadata:
            return None
        return TypeAdapter(History).validate_json(metadata[HISTORY])
    except (OSError, SafetensorError, ValidationError) as error:
        message = f"{path}: wanted safetensors: {' '.join(str(error).split())}"
        raise IdfsrError(message) from None
