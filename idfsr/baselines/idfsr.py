"""IDFSR itself, before and after the fit (IDFSR, "Ours (PT)" and "Ours (FT)" of Table 1).

Both restore with the first reference of each image. Before the fit z_id is that reference's, after
it the person's. The image is what DDIM gives; nothing of the low-resolution image is pasted back.
"""

import dataclasses
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional

from idfsr.baselines.contract import Need, restore_steadily
from idfsr.data.loader import IdentityExamples
from idfsr.data.tensors import from_network
from idfsr.diffusion.ddim import sample_images, seeded_noise
from idfsr.errors import IdfsrError
from idfsr.models.idfsr import IDFSR


@dataclasses.dataclass(frozen=True, kw_only=True)
class IdfsrMethod:
    """A pretrained network, with or without a fitted embedding."""

    needs: ClassVar[tuple[Need, ...]] = ("reference",)
    model: IDFSR
    """In evaluation mode, on its device."""
    model_digest: str
    fitted_z_id: Float[Tensor, "512"] | None
    """None takes the z_id of each image's reference."""
    num_inference_steps: int
    seed: int
    """Of the run: what each image starts from depends on it and on the image's key alone."""
    with_style: bool = True
    """False puts 0 in place of z_s."""
    num_references: int = 1
    """See `RestoreConfig`."""
    guidance: float = 1.0
    """See `RestoreConfig`."""

    @property
    def name(self) -> str:
        """As in the tables."""
        return "idfsr-pt" if self.fitted_z_id is None else "idfsr-ft"

    def restore(self, examples: IdentityExamples) -> UInt8[np.ndarray, "B S S 3"]:
        """Sample each image with DDIM; see `restore_steadily`."""
        device = next(self.model.parameters()).device
        return restore_steadily(lambda batch: self.sample(batch, device), examples, device)

    def reference_z_id(self, examples: IdentityExamples) -> Float[Tensor, "B 512"]:
        """Return z_id of each image's references: the mean direction of several, 0 of none.

        Raises:
            IdfsrError: An image has fewer references.
        """
        z_ids, wanted = examples["reference_z_id"], self.num_references
        if z_ids.shape[1] < wanted:
            message = (
                f"{examples['keys'][0]}: found {z_ids.shape[1]} references, "
                f"wanted restore.num_references, {wanted}"
            )
            raise IdfsrError(message)
        if wanted == 0:
            return torch.zeros_like(z_ids[:, 0])
        if wanted == 1:
            return z_ids[:, 0]
        return functional.normalize(z_ids[:, :wanted].mean(dim=1), dim=1)

    @torch.no_grad()
    def sample(
        self, examples: IdentityExamples, device: torch.device
    ) -> UInt8[np.ndarray, "B S S 3"]:
        """Sample a batch at once."""
        masked_lr = examples["masked_lr"].to(device)
        z_s = self.model.encode_style(examples["warped_ref"][:, 0].to(device))
        z_s = z_s if self.with_style and self.num_references else torch.zeros_like(z_s)
        if self.fitted_z_id is None:
            z_id = self.reference_z_id(examples).to(device)
        else:
            z_id = self.fitted_z_id.to(device).expand(len(masked_lr), -1)

        def predict(x_t: Tensor, t: Tensor) -> Tensor:
            with_id: Tensor = self.model(x_t, t, masked_lr, z_s, z_id)
            if self.guidance == 1:
                return with_id
            without: Tensor = self.model(x_t, t, masked_lr, z_s, torch.zeros_like(z_id))
            return without + self.guidance * (with_id - without)

        size = masked_lr.shape[-1]
        noise = seeded_noise(examples["keys"], self.seed, (3, size, size)).to(device)
        return from_network(
            sample_images(predict, self.model.config.prediction, noise, self.num_inference_steps)
        )
