"""Faces at the size of a network that works at one size only, and back."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional

from idfsr.io.degradation import upsample
from idfsr.io.digests import file_digest
from idfsr.io.examples import IdentityExamples
from idfsr.io.tensors import from_network, to_network
from idfsr.methods.engine.restore import restore_steadily
from idfsr.models.weights import DIGEST_LENGTH


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


@torch.no_grad()
def restore_by(
    network: Callable[[Tensor], Tensor],
    examples: IdentityExamples,
    native_size: int,
    device: torch.device,
) -> UInt8[np.ndarray, "B S S 3"]:
    """Restore with a network that sees the degraded face and nothing else.

    Args:
        network: From faces in [-1, 1] to faces that may leave it.
        examples: To restore.
        native_size: Side in pixels of what it gets.
        device: Where it computes.
    """

    def restore(batch: IdentityExamples) -> UInt8[np.ndarray, "B S S 3"]:
        upsampled = upsampled_lr(batch).to(device)
        native = resize_faces(upsampled, native_size).clamp(-1, 1)
        return to_levels(network(native), upsampled.shape[-1])

    return restore_steadily(restore, examples, device)


def weights_digest(paths: Iterable[Path]) -> str:
    """Return what names several weight files together, as `model_digest` names one."""
    digests = "".join(file_digest(path) for path in paths)
    return hashlib.sha256(digests.encode()).hexdigest()[:DIGEST_LENGTH]
