"""Finding faces with the packages retinaface-pytorch and insightface, by `landmarks.detector`.

Each photograph is searched by the package's own call, one after the other. What it is given is the
same copy that our own detector sees, so boxes and landmarks mean the same.
"""

import io
import pickle
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from idfsr.config.landmarks import LandmarksConfig
from idfsr.errors import IdfsrError
from idfsr.faces.detector import Detections, FaceDetector, fit_into_square
from idfsr.faces.weights import read_weights
from idfsr.io.places import locate
from idfsr.models.onnx_weights import read_graph

SIDE_STEP: Final = 32
"""The side of the square that insightface searches is a multiple of it, in pixels."""

Search = Callable[[UInt8[np.ndarray, "H W 3"], int, float], Detections]
"""Finds faces in an RGB image with the longer side given, above a score; the best first."""


@dataclass(frozen=True)
class PackageDetector:
    """A package's detector, ready to search."""

    search: Search
    score_threshold: float
    """Faces of a lower score are not reported."""

    def detect(self, images: list[UInt8[np.ndarray, "_ _ 3"]], image_size: int) -> list[Detections]:
        """Find the faces of images; see `idfsr.faces.detector.Detector.detect`."""
        return [self._find(image, image_size, self.score_threshold) for image in images]

    def detect_single(
        self, images: list[UInt8[np.ndarray, "_ _ 3"]], image_size: int
    ) -> list[Detections]:
        """Find the likeliest face of each image, whatever its score."""
        found = [self._find(image, image_size, 0.0) for image in images]
        return [Detections(one.boxes[:1], one.scores[:1], one.landmarks[:1]) for one in found]

    def _find(self, image: np.ndarray, image_size: int, threshold: float) -> Detections:
        copy, factor = fit_into_square(image, image_size)
        return self.search(copy, image_size, threshold).scaled(factor)


def load_package_detector(config: LandmarksConfig, device: torch.device) -> FaceDetector:
    """Load the detector of a package.

    Raises:
        IdfsrError: The weights are missing or do not fit, or the package is not installed.
    """
    path = locate(config.weights)
    if config.detector == "insightface":
        return PackageDetector(_load_insightface(path), config.score_threshold)
    search = _load_retinaface_pytorch(path, config.image_size, device)
    return PackageDetector(search, config.score_threshold)


def _load_retinaface_pytorch(path: Path, image_size: int, device: torch.device) -> Search:
    state = _read_zipped(path)
    try:
        from retinaface.predict_single import Model  # noqa: PLC0415 - no dependency of idfsr
    except ImportError:
        message = (
            "landmarks.detector: found no package retinaface-pytorch, wanted that of "
            "requirements.lock (pip install --no-deps retinaface-pytorch==0.0.8)"
        )
        raise IdfsrError(message) from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # written for libraries of 2020
        model = Model(max_size=image_size, device=str(device))
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        first = " ".join(str(error).split())[:200]
        message = f"{path}: not weights of retinaface-pytorch: {first}"
        raise IdfsrError(message) from None
    model.eval()

    def search(copy: np.ndarray, _: int, threshold: float) -> Detections:
        rows = model.predict_jsons(copy, confidence_threshold=threshold)
        return _to_detections([row for row in rows if row["bbox"]])

    return search


def _read_zipped(path: Path) -> dict[str, Tensor]:
    """Read weights as retinaface-pytorch publishes them: a zip archive with one file of PyTorch's.

    A file that is not packed so is read too.
    """
    if not zipfile.is_zipfile(path):
        return read_weights(path)
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if len(names) != 1:  # of PyTorch itself, whose files are zip archives of many parts
            return read_weights(path)
        content = archive.read(names[0])
    try:
        state: dict[str, Tensor] = torch.load(
            io.BytesIO(content), map_location="cpu", weights_only=True
        )
    except (RuntimeError, pickle.UnpicklingError, EOFError) as error:
        first = " ".join(str(error).split())[:100]
        message = f"{path}: {names[0]} is not a file of PyTorch ({first}), wanted weights"
        raise IdfsrError(message) from None
    return state


def _to_detections(rows: list[dict[str, Any]]) -> Detections:
    return Detections(
        np.array([row["bbox"] for row in rows], np.float32).reshape(-1, 4),
        np.array([row["score"] for row in rows], np.float32),
        np.array([row["landmarks"] for row in rows], np.float32).reshape(-1, 5, 2),
    )


def _load_insightface(path: Path) -> Search:
    read_graph(path, "a detector of insightface")  # says in one line what is wrong with a file
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from insightface import model_zoo  # noqa: PLC0415 - slow

        model = model_zoo.get_model(str(path), providers=["CPUExecutionProvider"])
    if not getattr(model, "use_kps", False):
        message = f"{path}: found {type(model).__name__}, wanted a detector of five landmarks"
        raise IdfsrError(message)

    def search(copy: np.ndarray, image_size: int, threshold: float) -> Detections:
        side = -(-image_size // SIDE_STEP) * SIDE_STEP
        bgr = np.ascontiguousarray(copy[..., ::-1])
        faces, landmarks = model.detect(bgr, input_size=(side, side), det_thresh=threshold)
        return Detections(
            faces[:, :4].astype(np.float32),
            faces[:, 4].astype(np.float32),
            landmarks.astype(np.float32),
        )

    return search
