"""What ASFFNet and DMDNet share: references as they are, and 68 landmarks of every face."""

from typing import Protocol, cast, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float, Float64, UInt8
from torch import Tensor

from idfsr.baselines.contract import Context
from idfsr.baselines.native import resize_faces, upsampled_lr
from idfsr.data.loader import IdentityExamples
from idfsr.data.tensors import from_network
from idfsr.faces.fan import FaceAlignment
from idfsr.faces.landmarks68 import IMAGE_SIZE
from idfsr.models.device import pick_device

DETECTOR_WEIGHTS = ("face_alignment_fan", "face_alignment_s3fd")
"""Names in config/weights.yaml."""

NO_FACE = "no face found, so no 68 landmarks"
NO_REFERENCE = "no reference with 68 landmarks"


@runtime_checkable
class Detector(Protocol):
    """Finds 68 landmarks."""

    def detect(self, images: UInt8[np.ndarray, "B H W 3"]) -> Float[np.ndarray, "B 68 2"]:
        """Return (x, y) in pixels of each image; NaN where no face is found."""


class GuidedExamples(IdentityExamples):
    """Examples with what was found in them."""

    lr_landmarks_68: Float64[Tensor, "B 68 2"]
    """(x, y) in pixels of a 512 px face."""
    ref_landmarks_68: Float64[Tensor, "B K 68 2"]


def load_detector(context: Context) -> FaceAlignment:
    """Return the detector with its published weights.

    Raises:
        IdfsrError: A file is not what it should be.
    """
    fan, s3fd = (context.weights[name] for name in DETECTOR_WEIGHTS)
    return FaceAlignment(fan, s3fd, pick_device())


def native_lr(examples: IdentityExamples) -> Float[Tensor, "B 3 512 512"]:
    """Return the low-resolution faces as the networks get them."""
    return resize_faces(upsampled_lr(examples), IMAGE_SIZE).clamp(-1, 1)


def native_refs(images: Float[Tensor, "B 3 S S"]) -> Float[Tensor, "B 3 512 512"]:
    """Return references as the networks get them."""
    return resize_faces(images, IMAGE_SIZE).clamp(-1, 1)


def find_landmarks(examples: IdentityExamples, detector: Detector) -> GuidedExamples:
    """Search the faces and their references; a photograph that several faces share but once."""
    refs = examples["ref_image"]
    batch, count = refs.shape[:2]
    unique, index = torch.unique(refs.flatten(0, 1).flatten(1), dim=0, return_inverse=True)
    photographs = torch.unflatten(unique, 1, refs.shape[2:])
    in_photographs, in_faces = (
        torch.from_numpy(detector.detect(from_network(images)))
        for images in (native_refs(photographs), native_lr(examples))
    )
    found = {
        **examples,
        "lr_landmarks_68": in_faces,
        "ref_landmarks_68": torch.unflatten(in_photographs[index], 0, (batch, count)),
    }
    return cast("GuidedExamples", found)


def has_landmarks(points: Float[Tensor, "*B 68 2"]) -> Bool[Tensor, "*B"]:
    """Say for which faces landmarks were found."""
    return points.isfinite().all(dim=-1).all(dim=-1)


def missing_landmarks(examples: GuidedExamples) -> list[str]:
    """Say for each image what its landmarks or those of all its references lack."""
    faces = has_landmarks(examples["lr_landmarks_68"]).tolist()
    refs = has_landmarks(examples["ref_landmarks_68"]).any(dim=1).tolist()
    return [
        NO_FACE if not face else "" if ref else NO_REFERENCE
        for face, ref in zip(faces, refs, strict=True)
    ]
