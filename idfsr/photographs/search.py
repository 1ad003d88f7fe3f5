"""Finding faces of any size in a photograph: two copies of it are searched, duplicates merged.

In the copy that fits a large face small ones are lost, and in a larger copy large ones are.
"""

import numpy as np
import torch
from jaxtyping import UInt8
from torchvision.ops import nms

from idfsr.faces.detector import NMS_THRESHOLD, Detections, FaceDetector

SEARCH_SIZES = (256, 1024)
"""Longer side of the copies, in pixels: RetinaFace finds faces of some 12 to 512 of them. Together
they have four times the pixels of one copy of 512 px."""
MAX_ENLARGEMENT = 2
"""Of a copy over the photograph: larger ones show nothing more, and blurs that look like faces."""


def search_photograph(image: UInt8[np.ndarray, "H W 3"], detector: FaceDetector) -> Detections:
    """Find the faces of a photograph, of any size.

    Args:
        image: RGB.
        detector: Of faces in photographs.

    Returns:
        Each face once, as the copy shows it in which its score is the highest.
    """
    longest = MAX_ENLARGEMENT * max(image.shape[:2])
    sizes = sorted({min(size, longest) for size in SEARCH_SIZES})
    found = [detector.detect([image], size)[0] for size in sizes]
    boxes, scores, landmarks = (
        np.concatenate([getattr(faces, name) for faces in found])
        for name in ("boxes", "scores", "landmarks")
    )
    kept = nms(torch.from_numpy(boxes), torch.from_numpy(scores), NMS_THRESHOLD).numpy()
    return Detections(boxes[kept], scores[kept], landmarks[kept])
