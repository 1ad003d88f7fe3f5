"""A detector of 68 landmarks for tests."""

import json
from pathlib import Path

import numpy as np

_GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "asffnet.json").read_text())
TEMPLATE = np.array(_GOLDEN["lq_landmarks"])


class TemplateDetector:
    """Finds one template, a little elsewhere in each image, and nothing in black images."""

    def __init__(self) -> None:
        self.num_searched = 0

    def detect(self, images: np.ndarray) -> np.ndarray:
        self.num_searched += len(images)
        return np.stack(
            [
                TEMPLATE + image.mean() / 50 if image.any() else np.full((68, 2), np.nan)
                for image in images
            ]
        )
