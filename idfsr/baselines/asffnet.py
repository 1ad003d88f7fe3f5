"""ASFFNet (Li et al. 2020): the reference that fits best, moved onto the face."""

from dataclasses import dataclass
from typing import ClassVar, cast

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from idfsr.baselines.contract import Baseline, Context, Need, restore_steadily
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
from idfsr.faces.landmarks68 import FIRST_INNER, IMAGE_SIZE, landmark_mask, reference_distance
from idfsr.faces.mls import mls_grid
from idfsr.models.asffnet import FEATURE_STRIDE, ASFFNet
from idfsr.models.published import load_published
from idfsr.models.spectral import fold_spectral_norm


def choose_reference(landmarks: Float[Tensor, "68 2"], references: Float[Tensor, "K 68 2"]) -> int:
    """Return the reference that fits best; one without landmarks never does."""
    distances = [
        reference_distance(landmarks.numpy(), points.numpy()) if usable else np.inf
        for points, usable in zip(references, has_landmarks(references).tolist(), strict=True)
    ]
    return int(np.argmin(distances))


@dataclass(frozen=True, kw_only=True)
class AsffNetMethod(Baseline):
    """The method with its network."""

    name: ClassVar[str] = "asffnet"
    needs: ClassVar[tuple[Need, ...]] = ("ref_image",)
    weights: ClassVar[tuple[str, ...]] = ("asffnet512", *DETECTOR_WEIGHTS)

    network: ASFFNet
    detector: Detector
    model_digest: str

    @classmethod
    def load(cls, context: Context) -> "AsffNetMethod":
        """Read the networks."""
        network = load_published(ASFFNet(), context.weights["asffnet512"], "ASFFNet512")
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
        """Find the landmarks."""
        found = find_landmarks(examples, self.detector)
        return found, missing_landmarks(found)

    def restore(self, examples: IdentityExamples) -> UInt8[np.ndarray, "B S S 3"]:
        """Restore at 512 px examples that `examine` returned."""
        device = next(self.network.parameters()).device
        return restore_steadily(
            lambda batch: self._restore(cast("GuidedExamples", batch), device), examples, device
        )

    @torch.no_grad()
    def _restore(
        self, examples: GuidedExamples, device: torch.device
    ) -> UInt8[np.ndarray, "B S S 3"]:
        lr_landmarks, candidates = examples["lr_landmarks_68"], examples["ref_landmarks_68"]
        chosen = [*map(choose_reference, lr_landmarks, candidates)]
        rows = range(len(chosen))
        masks = np.stack([landmark_mask(points.numpy()) for points in lr_landmarks])
        grid = mls_grid(
            candidates[rows, chosen, FIRST_INNER:].to(device) / FEATURE_STRIDE,
            lr_landmarks[:, FIRST_INNER:].to(device) / FEATURE_STRIDE,
            IMAGE_SIZE // FEATURE_STRIDE,
        )
        restored = self.network(
            native_lr(examples).to(device),
            native_refs(examples["ref_image"][rows, chosen]).to(device),
            torch.from_numpy(masks)[:, None].float().to(device),
            grid,
        )
        return to_levels(restored, examples["gt_image"].shape[-1])
