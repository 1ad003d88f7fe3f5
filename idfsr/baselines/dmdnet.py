"""DMDNet (Li et al. 2022): eyes and mouth from a memory of faces and from all references."""

from dataclasses import dataclass
from typing import ClassVar, cast

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from idfsr.baselines.contract import Baseline, Context, Need
from idfsr.baselines.guided import (
    DETECTOR_WEIGHTS,
    Detector,
    GuidedExamples,
    find_landmarks,
    has_landmarks,
    load_detector,
    missing_landmarks,
    native_lr,
    native_refs,
)
from idfsr.baselines.native import to_levels, weights_digest
from idfsr.data.loader import IdentityExamples
from idfsr.faces.landmarks68 import IMAGE_SIZE, boxes_are_inside, component_boxes
from idfsr.models.dmdnet import DMDNet, Memory, Place, join_memories
from idfsr.models.published import load_published
from idfsr.models.spectral import fold_spectral_norm

BAD_BOX = "landmarks put an eye or the mouth outside of the image"


def usable_landmarks(landmarks: Float[Tensor, "*B 68 2"]) -> Float[Tensor, "*B 68 2"]:
    """Return landmarks with NaN for those of faces whose components cannot be cut out."""
    faces = landmarks.clone().flatten(0, -3)
    for points in faces:
        if points.isfinite().all() and not boxes_are_inside(component_boxes(points.numpy())):
            points.fill_(torch.nan)
    return faces.reshape(landmarks.shape)


def stack_boxes(landmarks: Float[Tensor, "B 68 2"]) -> Int[Tensor, "B 3 4"]:
    """Return the boxes of the components of faces."""
    return torch.from_numpy(np.stack([component_boxes(points.numpy()) for points in landmarks]))


@dataclass(frozen=True, kw_only=True)
class DmdNetMethod(Baseline):
    """The method with its network."""

    name: ClassVar[str] = "dmdnet"
    needs: ClassVar[tuple[Need, ...]] = ("ref_image",)
    weights: ClassVar[tuple[str, ...]] = ("dmdnet", *DETECTOR_WEIGHTS)

    network: DMDNet
    detector: Detector
    model_digest: str

    @classmethod
    def load(cls, context: Context) -> "DmdNetMethod":
        """Read the networks."""
        network = load_published(DMDNet(), context.weights["dmdnet"], "DMDNet")
        fold_spectral_norm(network)
        return cls(
            network=network,
            detector=load_detector(context),
            model_digest=weights_digest(context.weights.values()),
        )

    @property
    def native_size(self) -> int:
        """Of the network."""
        return IMAGE_SIZE

    def examine(self, examples: IdentityExamples) -> tuple[GuidedExamples, list[str]]:
        """Find the landmarks, and leave out what has no components inside of its image."""
        found = find_landmarks(examples, self.detector)
        problems = missing_landmarks(found)
        found["ref_landmarks_68"] = usable_landmarks(found["ref_landmarks_68"])
        found["lr_landmarks_68"] = usable_landmarks(found["lr_landmarks_68"])
        return found, [
            before or (BAD_BOX if after else "")
            for before, after in zip(problems, missing_landmarks(found), strict=True)
        ]

    @torch.no_grad()
    def restore(self, examples: IdentityExamples) -> UInt8[np.ndarray, "B S S 3"]:
        """Restore at 512 px examples that `examine` returned, each with its own references.

        One after the other, for they may differ in the number of references; a photograph that
        several share is memorised once.
        """
        found = cast("GuidedExamples", examples)
        device = next(self.network.parameters()).device
        images = native_lr(examples).to(device)
        boxes = stack_boxes(found["lr_landmarks_68"])
        restored = [
            self.network(images[row : row + 1], boxes[row : row + 1], memory)
            for row, memory in enumerate(self._memories(found, device))
        ]
        return to_levels(torch.cat(restored), examples["gt_image"].shape[-1])

    def _memories(
        self, examples: GuidedExamples, device: torch.device
    ) -> list[dict[Place, Memory]]:
        """Return the specific memory of each image."""
        refs, landmarks = examples["ref_image"], examples["ref_landmarks_68"]
        usable = has_landmarks(landmarks)
        unique, index = torch.unique(refs[usable].flatten(1), dim=0, return_inverse=True)
        points = dict(zip(index.tolist(), landmarks[usable], strict=True))
        entries = [
            self.network.memorise(
                native_refs(torch.unflatten(photograph[None], 1, refs.shape[2:])).to(device),
                stack_boxes(points[number][None]),
            )
            for number, photograph in enumerate(unique)
        ]
        owners = usable.nonzero()[:, 0]
        return [
            join_memories([entries[number] for number in index[owners == row].tolist()])
            for row in range(len(refs))
        ]
