"""What ASFFNet and DMDNet share: references as they are, and 68 landmarks of every face."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar, cast, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float, Float64, UInt8
from torch import Tensor, nn

from idfsr.faces.embedded_landmarks import EmbeddedLandmarks
from idfsr.faces.fan import FaceAlignment
from idfsr.io.examples import IdentityExamples
from idfsr.io.tensors import from_network
from idfsr.methods.engine.contract import Context, Restorer
from idfsr.methods.engine.native import resize_faces, upsampled_lr, weights_digest
from idfsr.models.device import pick_device
from idfsr.models.landmarks68 import Landmarks68Config, Landmarks68Net
from idfsr.models.published import OWN_SUFFIX, load_network
from idfsr.models.spectral import fold_spectral_norm

NO_FACE = "no face found, so no 68 landmarks"
NO_REFERENCE = "no reference with 68 landmarks"


@runtime_checkable
class Detector(Protocol):
    """Finds 68 landmarks."""

    def detect(self, images: UInt8[np.ndarray, "B H W 3"]) -> Float[np.ndarray, "B 68 2"]:
        """Return (x, y) in pixels of each image; NaN where no face is found."""


class GuidedNetwork(Protocol):
    """What is asked of the networks."""

    image_size: int
    """Side in pixels of the faces it restores."""


Network = TypeVar("Network", bound=nn.Module)


class GuidedExamples(IdentityExamples):
    """Examples with what was found in them."""

    lr_landmarks_68: Float64[Tensor, "B 68 2"]
    """(x, y) in pixels of the face at the network's size."""
    ref_landmarks_68: Float64[Tensor, "B K 68 2"]


def load_detector(fan: Path, s3fd: Path) -> Detector:
    """Return the detector: `face-alignment`, or the small network if its file stands in the place.

    Args:
        fan: Weights of the landmarks.
        s3fd: Weights of the face detector before them; the small network needs none.

    Raises:
        IdfsrError: A file is not what it should be.
    """
    if fan.suffix == OWN_SUFFIX:
        config = Landmarks68Config()
        return EmbeddedLandmarks(load_network(Landmarks68Net, config, fan, "68 landmarks"))
    return FaceAlignment(fan, s3fd, pick_device())


def native_lr(examples: IdentityExamples, size: int) -> Float[Tensor, "B 3 s s"]:
    """Return the low-resolution faces as a network of that size gets them."""
    return resize_faces(upsampled_lr(examples), size).clamp(-1, 1)


def native_refs(images: Float[Tensor, "B 3 S S"], size: int) -> Float[Tensor, "B 3 s s"]:
    """Return references as a network of that size gets them."""
    return resize_faces(images, size).clamp(-1, 1)


def find_landmarks(examples: IdentityExamples, detector: Detector, size: int) -> GuidedExamples:
    """Search the faces and their references; a photograph that several faces share but once.

    Args:
        examples: With `ref_image`.
        detector: It sees faces and references at the size below.
        size: Side in pixels.
    """
    refs = examples["ref_image"]
    batch, count = refs.shape[:2]
    unique, index = torch.unique(refs.flatten(0, 1).flatten(1), dim=0, return_inverse=True)
    photographs = torch.unflatten(unique, 1, refs.shape[2:])
    in_photographs, in_faces = (
        torch.from_numpy(detector.detect(from_network(images)))
        for images in (native_refs(photographs, size), native_lr(examples, size))
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


@dataclass(frozen=True, kw_only=True)
class GuidedRestorer(Restorer, Generic[Network]):
    """A method with one network and the detector; sub-classes say how they restore."""

    network_class: ClassVar[type[nn.Module]]
    sizes: ClassVar[Any]
    """Of the published network."""
    title: ClassVar[str]
    """Of the network, for an error."""

    network: Network
    detector: Detector
    model_digest: str

    @classmethod
    def load(cls, context: Context) -> "GuidedRestorer[Any]":
        """Read the networks: the method's own and, after it in its weights, the detector's two."""
        path, fan, s3fd = context.weights.values()
        network = load_network(cls.network_class, cls.sizes, path, cls.title)
        fold_spectral_norm(network)
        return cls(
            network=cast("Network", network),
            detector=load_detector(fan, s3fd),
            model_digest=weights_digest(context.weights.values()),
        )

    @property
    def native_size(self) -> int:
        """Of the network."""
        return cast("GuidedNetwork", self.network).image_size

    @property
    def device(self) -> torch.device:
        """Of the network."""
        return next(self.network.parameters()).device

    def examine(self, examples: IdentityExamples) -> tuple[GuidedExamples, list[str]]:
        """Find the landmarks."""
        found = find_landmarks(examples, self.detector, self.native_size)
        return found, missing_landmarks(found)
