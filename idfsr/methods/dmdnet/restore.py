"""DMDNet (Li et al. 2022): eyes and mouth from a memory of faces and from all references."""

from dataclasses import dataclass
from typing import ClassVar, cast

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from idfsr.faces.guides import stack_boxes
from idfsr.faces.landmarks68 import boxes_are_inside, component_boxes
from idfsr.io.examples import IdentityExamples
from idfsr.methods.engine.guided import (
    GuidedExamples,
    GuidedRestorer,
    has_landmarks,
    missing_landmarks,
    native_lr,
    native_refs,
)
from idfsr.methods.engine.native import to_levels
from idfsr.models.dmdnet import NUM_LEVELS, DMDNet, DmdNetConfig, Memory, Place, join_memories

BAD_BOX = "landmarks put an eye or the mouth outside of the image"


def usable_landmarks(
    landmarks: Float[Tensor, "*B 68 2"], config: DmdNetConfig
) -> Float[Tensor, "*B 68 2"]:
    """Return landmarks with NaN for those of faces whose components cannot be cut out."""
    size, coarsest = config.image_size, config.stride(NUM_LEVELS - 1)
    faces = landmarks.clone().flatten(0, -3)
    for points in faces:
        if points.isfinite().all():
            boxes = component_boxes(points.numpy(), size)
            if not boxes_are_inside(boxes, size, coarsest):
                points.fill_(torch.nan)
    return faces.reshape(landmarks.shape)


@dataclass(frozen=True, kw_only=True)
class DmdNetRestorer(GuidedRestorer[DMDNet]):
    """The method with its network."""

    network_class: ClassVar[type[nn.Module]] = DMDNet
    sizes: ClassVar[DmdNetConfig] = DmdNetConfig()
    title: ClassVar[str] = "DMDNet"

    def examine(self, examples: IdentityExamples) -> tuple[GuidedExamples, list[str]]:
        """Find the landmarks, and leave out what has no components inside of its image."""
        found, problems = super().examine(examples)
        config = self.network.config
        found["ref_landmarks_68"] = usable_landmarks(found["ref_landmarks_68"], config)
        found["lr_landmarks_68"] = usable_landmarks(found["lr_landmarks_68"], config)
        return found, [
            before or (BAD_BOX if after else "")
            for before, after in zip(problems, missing_landmarks(found), strict=True)
        ]

    @torch.no_grad()
    def restore(self, examples: IdentityExamples) -> UInt8[np.ndarray, "B S S 3"]:
        """Restore, at the network's size, examples that `examine` returned.

        One after the other, for each has its own references and their number may differ; a
        photograph that several share is memorised once.
        """
        found = cast("GuidedExamples", examples)
        images = native_lr(examples, self.native_size).to(self.device)
        boxes = stack_boxes(found["lr_landmarks_68"], self.native_size)
        restored = [
            self.network(images[row : row + 1], boxes[row : row + 1], memory)
            for row, memory in enumerate(self._memories(found))
        ]
        return to_levels(torch.cat(restored), examples["gt_image"].shape[-1])

    def _memories(self, examples: GuidedExamples) -> list[dict[Place, Memory]]:
        """Return the specific memory of each image."""
        refs, landmarks = examples["ref_image"], examples["ref_landmarks_68"]
        usable = has_landmarks(landmarks)
        unique, index = torch.unique(refs[usable].flatten(1), dim=0, return_inverse=True)
        photographs = torch.unflatten(unique, 1, refs.shape[2:])
        points = dict(zip(index.tolist(), landmarks[usable], strict=True))
        entries = [
            self.network.memorise(
                native_refs(photographs[number : number + 1], self.native_size).to(self.device),
                stack_boxes(points[number][None], self.native_size),
            )
            for number in range(len(photographs))
        ]
        owners = usable.nonzero()[:, 0]
        return [
            join_memories([entries[number] for number in index[owners == row].tolist()])
            for row in range(len(refs))
        ]
