"""68 landmarks by the package `face-alignment`: S3FD finds faces, FAN their points.

Bulat & Tzimiropoulos (2017). ASFFNet and DMDNet were made with it.
"""

import os
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from jaxtyping import Float, UInt8

from idfsr.constants import NUM_LANDMARKS_68
from idfsr.errors import IdfsrError

_CHIN, _BROW = 8, 19


def largest_face(faces: list[Float[np.ndarray, "68 2"]]) -> Float[np.ndarray, "68 2"]:
    """Return the landmarks of the face that is highest from chin to brow; NaN if there is none."""
    if not faces:
        return np.full((NUM_LANDMARKS_68, 2), np.nan)
    return max(faces, key=lambda points: float(points[_CHIN, 1] - points[_BROW, 1]))


class FaceAlignment:
    """The two networks, ready.

    Args:
        fan: File of FAN under the name and in the folder `hub/checkpoints` where the package looks.
        s3fd: File of S3FD.
        device: Where they run.
    """

    def __init__(self, fan: Path, s3fd: Path, device: torch.device) -> None:
        self._package = _load_package(fan, s3fd, device)

    def detect(self, images: UInt8[np.ndarray, "B H W 3"]) -> Float[np.ndarray, "B 68 2"]:
        """Return the landmarks of the largest face of each image.

        Returns:
            (x, y) in pixels of the image; NaN where no face is found.
        """
        found = [self._faces(image) for image in images]
        return np.stack([largest_face(faces) for faces in found]).astype(np.float64)

    def _faces(self, image: UInt8[np.ndarray, "H W 3"]) -> list[Float[np.ndarray, "68 2"]]:
        boxes = self._package.face_detector.detect_from_image(image)
        if len(boxes) == 0:  # the package would warn
            return []
        faces: list[np.ndarray] = self._package.get_landmarks_from_image(
            image, detected_faces=boxes
        )
        return faces


def _load_package(fan: Path, s3fd: Path, device: torch.device) -> Any:
    """Make the package read its files where they are: it downloads what it does not find.

    Raises:
        IdfsrError: A file is missing, or is not of that network.
    """
    for path in (fan, s3fd):
        if not path.is_file():
            message = f"{path}: no such file, wanted weights of face-alignment"
            raise IdfsrError(message)
    import face_alignment  # noqa: PLC0415 - heavy, and for two methods only

    try:
        # torch.hub.set_dir could not be undone: a folder once set hides the variable for good
        with patch.dict(os.environ, {"TORCH_HOME": str(fan.parents[2])}):
            return face_alignment.FaceAlignment(
                face_alignment.LandmarksType.TWO_D,
                device=str(device),
                face_detector_kwargs={"path_to_detector": str(s3fd)},
                compile=False,
            )
    except (RuntimeError, EOFError, ValueError) as error:
        first = " ".join(str(error).split())[:200]
        message = f"{fan} or {s3fd.name}: not weights of face-alignment: {first}"
        raise IdfsrError(message) from None
