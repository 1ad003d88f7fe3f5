"""How long the z_id of an ID encoder is, from its file: for the workflow, without torch."""

from pathlib import Path
from typing import Final

from safetensors import SafetensorError, safe_open

from idfsr.constants import ID_DIM
from idfsr.errors import IdfsrError

DLIB_NAME: Final = "dlib_resnet"
"""Of the metadata in the header of dlib's recogniser, as we store it; there are no settings."""
DLIB_DIM: Final = 128


def id_dim_of(path: Path) -> int:
    """Return the length of the z_id that an ID encoder makes: dlib's 128, ArcFace's 512.

    Args:
        path: Weights; see `idfsr.models.id_encoder.load_id_encoder`.

    Raises:
        IdfsrError: It should be safetensors and is not.
    """
    if path.suffix != ".safetensors":
        return ID_DIM
    try:
        with safe_open(path, framework="np") as file:
            return DLIB_DIM if DLIB_NAME in (file.metadata() or {}) else ID_DIM
    except SafetensorError as error:
        message = f"{path}: wanted safetensors: {' '.join(str(error).split())}"
        raise IdfsrError(message) from None
