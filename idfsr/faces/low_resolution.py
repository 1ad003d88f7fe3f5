"""Five landmarks in low-resolution faces of a few pixels (IDFSR, "Landmark Detection and Warping").

The paper fine-tunes RetinaFace "to better accommodate LR images". `idfsr train lr_detector` trains
that detector, and this module uses it.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8

from idfsr.constants import FFHQ_LANDMARKS_512
from idfsr.faces.detector import Detections, Detector
from idfsr.faces.weights import build_network, read_weights
from idfsr.io.degradation import upsample


def load_lr_detector(path: Path, device: torch.device) -> Detector:
    """Load the detector that `idfsr train lr_detector` made.

    Args:
        path: Its .safetensors file.
        device: Where to compute.

    Raises:
        IdfsrError: The file is missing or is not such weights.
    """
    network = build_network("mobilenet0.25", read_weights(path), str(path))
    return Detector(network.to(device), 0.0, device)


def detect_low_resolution(
    detector: Detector,
    lr_images: Sequence[UInt8[np.ndarray, "_ _ 3"]],
    search_size: int,
    image_size: int,
) -> list[Detections]:
    """Find the face of each of a batch of square low-resolution images, bicubically enlarged.

    Convention: coordinates are pixels of the full-size image, whose sides are a whole multiple of
    the low-resolution image's; (0, 0) is the corner of both.

    Args:
        detector: From `load_lr_detector`.
        lr_images: RGB.
        search_size: Side to which they are enlarged for the search, in pixels.
        image_size: Side of the full-size image, in pixels.

    Returns:
        One face for each image, that of the best prior whatever its score.
    """
    enlarged = [upsample(image, search_size) for image in lr_images]
    scale = image_size / search_size
    return [face.scaled((scale, scale)) for face in detector.detect_single(enlarged, search_size)]


def landmarks_or_template(
    face: Detections, image_size: int
) -> tuple[Float[np.ndarray, "5 2"], bool]:
    """Return the landmarks of a face, or the mean ones of FFHQ if they leave the image.

    Args:
        face: From `detect_low_resolution`.
        image_size: Side of the image in pixels.

    Returns:
        (x, y) in pixels of the full-size image, and whether they are the detected ones.
    """
    landmarks = face.landmarks[0]
    if np.all((landmarks >= 0) & (landmarks <= image_size)):
        return landmarks, True
    return (np.array(FFHQ_LANDMARKS_512) * (image_size / 512)).astype(np.float32), False
