"""Whether restoring helps: photographs of the person that were not fitted, made small and restored.

Each is compared with plain enlargement, by how far it is from the photograph: to a recogniser
(IDS), pixel by pixel (PSNR), and to a network of perception.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8

from idfsr.config.types import ScaleFactor
from idfsr.faces.align import align_arcface
from idfsr.faces.mask import FACE_BOX_512
from idfsr.faces.prepare import Prepared
from idfsr.io.degradation import upsample
from idfsr.metrics.engine.unit_range import to_unit
from idfsr.metrics.mobilenetv2.network import perceptual_distance
from idfsr.metrics.psnr import psnr
from idfsr.photographs.blend import correct, face_mask
from idfsr.photographs.likeness import LIKENESS, embed_crops
from idfsr.photographs.networks import PhotographNetworks


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trial:
    """Means over the photographs tried at one size; (restored, enlarged)."""

    scale_factor: int
    num_images: int
    height: float
    """Of the faces in the small copies, in pixels."""
    ids: tuple[float, float]
    psnr: tuple[float, float]
    distance: tuple[float, float]

    @property
    def helps(self) -> bool:
        """Whether a restored face is the person's, and no farther from it than an enlarged one."""
        better = self.ids[0] <= self.ids[1] and self.psnr[0] >= self.psnr[1]
        return better and self.ids[0] <= 1 - LIKENESS

    def describe(self) -> str:
        """Return a line for people."""
        return (
            f"faces of {self.height:.0f} px: restoring {'helps' if self.helps else 'does NOT help'}"
            f" (IDS {self.ids[0]:.3f}, enlarged {self.ids[1]:.3f}; PSNR {self.psnr[0]:.2f}, "
            f"enlarged {self.psnr[1]:.2f}; perceptual distance {self.distance[0]:.3f}, "
            f"enlarged {self.distance[1]:.3f}; {self.num_images} photographs)"
        )


def read_trial(values: Mapping[str, Any]) -> Trial:
    """Return a trial from what JSON made of it, which has no tuples."""
    fields: dict[str, Any] = {
        name: tuple(each) if isinstance(each, list) else each for name, each in values.items()
    }
    return Trial(**fields)


@torch.inference_mode()
def compare(
    images: UInt8[np.ndarray, "B S S 3"], wanted: Sequence[Prepared], loaded: PhotographNetworks
) -> Float[np.ndarray, "3"]:
    """Return the means of IDS, PSNR and perceptual distance of images to the photographs."""
    truth = np.stack([item.target.gt_image for item in wanted])
    embeddings = [
        embed_crops(
            np.stack(
                [
                    align_arcface(image, item.target.landmarks)
                    for image, item in zip(batch, wanted, strict=True)
                ]
            ),
            loaded.recogniser,
        )
        for batch in (images, truth)
    ]
    device = next(loaded.perceptual.parameters()).device
    seen = [loaded.perceptual(to_unit(batch).to(device)) for batch in (images, truth)]
    return np.array(
        [
            (1 - (embeddings[0] * embeddings[1]).sum(axis=1)).mean(),
            psnr(to_unit(images), to_unit(truth)).mean().item(),
            perceptual_distance(*seen).mean().item(),
        ]
    )


def try_size(
    restored: UInt8[np.ndarray, "B S S 3"],
    tried: Sequence[Prepared],
    loaded: PhotographNetworks,
    scale_factor: ScaleFactor,
) -> Trial:
    """Compare restored faces with enlarged ones; both as they would stand in a photograph.

    Args:
        restored: Of the network.
        tried: The photographs, prepared at the scale factor.
        loaded: See `load_photograph_networks`.
        scale_factor: By which they were made small.
    """
    size = restored.shape[1]
    side = size // scale_factor
    plain = np.stack([upsample(item.lr_image, size) for item in tried])
    weights = face_mask(size)[..., None]
    pasted = np.stack(
        [
            np.rint(low + weights * (correct(face, low, side).astype(np.float32) - low))
            for face, low in zip(restored, plain, strict=True)
        ]
    ).astype(np.uint8)
    values = [compare(images, tried, loaded) for images in (pasted, plain)]
    ids, signal, distance = ((float(new), float(old)) for new, old in zip(*values, strict=True))
    _, top, _, bottom = FACE_BOX_512
    return Trial(
        scale_factor=scale_factor,
        num_images=len(tried),
        height=(bottom - top) / 512 * side,
        ids=ids,
        psnr=signal,
        distance=distance,
    )
