"""Bicubic enlargement: the floor under every method."""

from typing import ClassVar

import numpy as np
from jaxtyping import UInt8

from idfsr.io.degradation import upsample
from idfsr.io.examples import IdentityExamples
from idfsr.io.tensors import from_network
from idfsr.methods.engine.contract import Baseline


class Bicubic(Baseline):
    """Pillow's bicubic filter, the same that made the images small."""

    name: ClassVar[str] = "bicubic"

    def restore(self, examples: IdentityExamples) -> UInt8[np.ndarray, "B S S 3"]:
        """Enlarge each low-resolution image to the size of its ground truth."""
        size = examples["gt_image"].shape[-1]
        return np.stack([upsample(image, size) for image in from_network(examples["lr_image"])])
