"""Bicubic enlargement: the floor under every method."""

from typing import Any

import numpy as np
from jaxtyping import UInt8

from idfsr.methods.engine.contract import Method, Restorer


class Bicubic(Restorer):
    """Pillow's bicubic filter, the same that made the images small."""

    def restore(self, examples: Any) -> UInt8[np.ndarray, "B S S 3"]:
        """Enlarge each low-resolution image to the size of its ground truth."""
        from idfsr.io.degradation import upsample
        from idfsr.io.tensors import from_network

        size = examples["gt_image"].shape[-1]
        return np.stack([upsample(image, size) for image in from_network(examples["lr_image"])])


METHODS = (
    Method(
        name="bicubic",
        label="Bicubic",
        load=lambda _context: Bicubic(),
        needs_gpu=False,
        memory_mb=2000,
    ),
)
