"""How IDFSR restores, before and after the fit.

Both restore with the first reference of each image, or the best of several. Before the fit z_id is
that of the references, after it the person's; between them stands the mean over the fit images. The
image is what the sampler gives; nothing of the low-resolution image is pasted back.
"""

import dataclasses
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from idfsr.config.restore import RestoreConfig
from idfsr.config.types import Precision, Sampler
from idfsr.diffusion.ddim import seeded_noise
from idfsr.diffusion.sampling import sample_images
from idfsr.errors import IdfsrError
from idfsr.faces.warp import landmark_distance
from idfsr.io.examples import IdentityExamples, mean_direction
from idfsr.io.tensors import from_network
from idfsr.methods.engine.contract import Context, Restorer
from idfsr.methods.engine.embedding import load_embedding
from idfsr.methods.engine.restore import restore_steadily
from idfsr.models.checkpoint import load_idfsr
from idfsr.models.device import autocast, pick_device
from idfsr.models.idfsr import IDFSR
from idfsr.models.weights import model_digest
from idfsr.models.winograd import speed_up


def nearest_reference(
    candidates: Float[np.ndarray, "K 5 2"], wanted: Float[np.ndarray, "5 2"]
) -> int:
    """Return the index of the landmarks nearest to those of a face; NaN are the farthest."""
    distances = [
        landmark_distance(points, wanted) if np.isfinite(points).all() else np.inf
        for points in candidates
    ]
    return int(np.argmin(distances))


@dataclasses.dataclass(frozen=True, kw_only=True)
class IdfsrRestorer(Restorer):
    """A pretrained network, with or without a fitted embedding."""

    model: IDFSR
    """In evaluation mode, on its device."""
    model_digest: str
    fitted_z_id: Float[Tensor, "D"] | None
    """None takes the z_id of each image's reference, or the mean."""
    num_inference_steps: int
    seed: int
    """Of the run: what each image starts from depends on it and on the image's key alone."""
    sampler: Sampler = "ddim"
    """See `RestoreConfig`."""
    precision: Precision = "float32"
    """See `RestoreConfig`."""
    with_mean: bool = False
    """True takes the mean z_id of the person's fit images where none is fitted."""
    with_style: bool = True
    """False puts 0 in place of z_s."""
    num_references: int = 1
    """See `RestoreConfig`."""
    guidance: float = 1.0
    """See `RestoreConfig`."""

    @classmethod
    def load(cls, context: Context) -> "IdfsrRestorer":
        """Read the network."""
        assert context.model is not None
        return load_restorer(context.restore, context.seed, context.model, None)

    def fitted(self, embedding: Path, identity: str, scale_factor: int) -> "IdfsrRestorer":
        """Read the embedding; see `Restorer.fitted`."""
        found = load_embedding(
            embedding,
            identity=identity,
            scale_factor=scale_factor,
            model_digest=self.model_digest,
        )
        return dataclasses.replace(self, fitted_z_id=found.z_id)

    @property
    def id_encoder(self) -> str:
        """Digest of the one that the network was trained with; empty if its file does not say."""
        return self.model.id_encoder

    def restore(self, examples: IdentityExamples) -> UInt8[np.ndarray, "B S S 3"]:
        """Sample each image; see `restore_steadily`."""
        device = next(self.model.parameters()).device
        return restore_steadily(lambda batch: self.sample(batch, device), examples, device)

    def reference_z_id(self, examples: IdentityExamples) -> Float[Tensor, "B D"]:
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
        return mean_direction(z_ids[:, :wanted])

    def z_id(self, examples: IdentityExamples) -> Float[Tensor, "B D"]:
        """Return the z_id that each image is restored with."""
        if self.fitted_z_id is not None:
            return self.fitted_z_id.expand(len(examples["keys"]), -1)
        return examples["mean_z_id"] if self.with_mean else self.reference_z_id(examples)

    def style_reference(self, examples: IdentityExamples) -> Float[Tensor, "B 3 S S"]:
        """Return the warped reference of each image whose pose and expression are the nearest.

        Where the examples have no landmarks of the references, the first one.
        """
        warped_ref = examples["warped_ref"]
        if self.num_references <= 1 or "ref_landmarks" not in examples:
            return warped_ref[:, 0]
        chosen = [
            nearest_reference(candidates[: self.num_references], wanted)
            for candidates, wanted in zip(
                examples["ref_landmarks"].numpy(), examples["lr_landmarks"].numpy(), strict=True
            )
        ]
        return warped_ref[range(len(chosen)), chosen]

    @torch.no_grad()
    def sample(
        self, examples: IdentityExamples, device: torch.device
    ) -> UInt8[np.ndarray, "B S S 3"]:
        """Sample a batch at once."""
        masked_lr = examples["masked_lr"].to(device)
        with autocast(device, self.precision):
            z_s = self.model.encode_style(self.style_reference(examples).to(device)).float()
        z_s = z_s if self.with_style and self.num_references else torch.zeros_like(z_s)
        z_id = self.z_id(examples).to(device)

        def predict(x_t: Tensor, t: Tensor) -> Tensor:
            with autocast(device, self.precision):
                with_id: Tensor = self.model(x_t, t, masked_lr, z_s, z_id)
            if self.guidance == 1:
                return with_id
            with autocast(device, self.precision):
                without: Tensor = self.model(x_t, t, masked_lr, z_s, torch.zeros_like(z_id))
            return without + self.guidance * (with_id - without)

        size = masked_lr.shape[-1]
        noise = seeded_noise(examples["keys"], self.seed, (3, size, size)).to(device)
        return from_network(
            sample_images(
                predict,
                self.model.config.prediction,
                noise,
                self.num_inference_steps,
                self.sampler,
            )
        )


def load_restorer(
    config: RestoreConfig, seed: int, model_path: Path, fitted_z_id: Float[Tensor, "D"] | None
) -> IdfsrRestorer:
    """Return IDFSR with its weights, on the GPU where there is one.

    Args:
        config: How to sample.
        seed: Of the run.
        model_path: Weights.
        fitted_z_id: See `IdfsrRestorer`.

    Raises:
        IdfsrError: The file is missing or not of such a network.
    """
    model = speed_up(load_idfsr(model_path, pick_device()))
    return IdfsrRestorer(
        model=model.to(memory_format=torch.channels_last),
        model_digest=model_digest(model_path),
        fitted_z_id=fitted_z_id,
        num_inference_steps=config.num_inference_steps,
        sampler=config.sampler,
        precision=config.precision,
        num_references=config.num_references,
        guidance=config.guidance,
        seed=seed,
    )
