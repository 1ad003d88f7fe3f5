"""ASFFNet (Li et al. 2020): the reference that fits best, moved onto the face."""

from dataclasses import dataclass
from typing import ClassVar, cast

import numpy as np
import torch
from jaxtyping import UInt8
from torch import nn

from idfsr.faces.guides import mask_and_grid
from idfsr.faces.landmarks68 import choose_reference
from idfsr.io.examples import IdentityExamples
from idfsr.methods.engine.guided import (
    GuidedExamples,
    GuidedRestorer,
    native_lr,
    native_refs,
)
from idfsr.methods.engine.native import to_levels
from idfsr.methods.engine.restore import restore_steadily
from idfsr.models.asffnet import ASFFNet, AsffNetConfig


@dataclass(frozen=True, kw_only=True)
class AsffNetRestorer(GuidedRestorer[ASFFNet]):
    """The method with its network."""

    network_class: ClassVar[type[nn.Module]] = ASFFNet
    sizes: ClassVar[AsffNetConfig] = AsffNetConfig()
    title: ClassVar[str] = "ASFFNet512"

    def restore(self, examples: IdentityExamples) -> UInt8[np.ndarray, "B S S 3"]:
        """Restore, at the network's size, examples that `examine` returned."""
        return restore_steadily(
            lambda batch: self._restore(cast("GuidedExamples", batch)), examples, self.device
        )

    @torch.no_grad()
    def _restore(self, examples: GuidedExamples) -> UInt8[np.ndarray, "B S S 3"]:
        size, device = self.native_size, self.device
        lr_landmarks, candidates = examples["lr_landmarks_68"], examples["ref_landmarks_68"]
        chosen = [*map(choose_reference, lr_landmarks.numpy(), candidates.numpy())]
        rows = range(len(chosen))
        restored = self.network(
            native_lr(examples, size).to(device),
            native_refs(examples["ref_image"][rows, chosen], size).to(device),
            *mask_and_grid(lr_landmarks.to(device), candidates[rows, chosen].to(device), size),
        )
        return to_levels(restored, examples["gt_image"].shape[-1])
