"""Faces at the size of a network that works at one size only, and back."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional

from idfsr.data.degradation import upsample
from idfsr.data.loader import IdentityExamples
from idfsr.data.tensors import from_network, to_network
from idfsr.models.weights import DIGEST_LENGTH
from idfsr.provenance import file_digest


def upsampled_lr(examples: IdentityExamples) -> Float[Tensor, "B 3 S S"]:
    """Return the low-resolution images as every method gets them: at the size of the ground truth.

    Pillow's bicubic with 8-bit levels, in [-1, 1].
    """
    size = examples["gt_image"].shape[-1]
    low = from_network(examples["lr_image"])
    return to_network(np.stack([upsample(image, size) for image in low]))


def resize_faces(images: Float[Tensor, "B 3 H W"], size: int) -> Float[Tensor, "B 3 s s"]:
    """Resample images with one kernel for all methods: bicubic, a = -0.5, widened on the way down.

    Args:
        images: In [-1, 1], which the result may leave a little.
        size: Side wanted, in pixels; images of this size stay as they are.
    """
    if images.shape[-1] == size:
        return images
    return functional.interpolate(images, size=(size, size), mode="bicubic", antialias=True)


def to_levels(images: Float[Tensor, "B 3 H W"], size: int) -> UInt8[np.ndarray, "B s s 3"]:
    """Bring what a network gives to the size of the ground truth and to 0...255.

    Args:
        images: In [-1, 1]; clamped before and after.
        size: Of the ground truth.
    """
    return from_network(resize_faces(images.clamp(-1, 1), size))


def weights_digest(paths: Iterable[Path]) -> str:
    """Return what names several weight files together, as `model_digest` names one."""
    digests = "".join(file_digest(path) for path in paths)
    return hashlib.sha256(digests.encode()).hexdigest()[:DIGEST_LENGTH]
