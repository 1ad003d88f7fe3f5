"""DifFace (Yue & Loy 2024): an estimate of the face, noised half-way and denoised by a prior.

The network for the estimate is SwinIR; the prior knows faces and nothing of the degradation.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, Float64, UInt8
from torch import Tensor

from idfsr.constants import NUM_TRAIN_TIMESTEPS
from idfsr.diffusion.ddim import stochastic_ddim_sample
from idfsr.diffusion.noise import DrawNoise, NoiseStream
from idfsr.diffusion.process import Denoise, q_sample
from idfsr.diffusion.schedule import ddim_timesteps, linear_alphas_cumprod
from idfsr.io.examples import IdentityExamples
from idfsr.methods.engine.contract import Context, Restorer
from idfsr.methods.engine.native import resize_faces, to_levels, upsampled_lr, weights_digest
from idfsr.methods.engine.restore import restore_steadily
from idfsr.models.priors import IDDPM_FFHQ512
from idfsr.models.published import load_network
from idfsr.models.swinir import DERIVED, SwinIR, SwinIRConfig
from idfsr.models.unet import UNet

START: Final = 0.4
"""The estimate is noised to this share of the steps, and denoised from the one below it."""
ETA: Final = 0.5
"""Between faithful, 0, and lifelike, 1. Both are those of the authors' restoration."""


@torch.no_grad()
def difface_sample(
    denoise: Denoise,
    estimate: Float[Tensor, "B C H W"],
    alphas_cumprod: Float64[Tensor, "T"],
    eta: float,
    draw_noise: DrawNoise,
    num_steps: int = 250,
) -> Float[Tensor, "B C H W"]:
    """Noise an estimate of the clean image and denoise it (Yue & Loy 2024, section 3).

    Args:
        denoise: Predicts eps.
        estimate: In [-1, 1].
        alphas_cumprod: Over all training timesteps, on the device of the estimate.
        eta: See `stochastic_ddim_sample`.
        draw_noise: Called once for the start, then once a step.
        num_steps: Of the whole respaced process.
    """
    timesteps = ddim_timesteps(NUM_TRAIN_TIMESTEPS, num_steps)
    start = round(START * num_steps)
    t = torch.full((len(estimate),), timesteps[start], device=estimate.device)
    x_t = q_sample(estimate, t, draw_noise(), alphas_cumprod)
    return stochastic_ddim_sample(denoise, x_t, timesteps[:start], alphas_cumprod, eta, draw_noise)


@dataclass(frozen=True, kw_only=True)
class DifFace(Restorer):
    """The method with its networks."""

    estimator: SwinIR
    prior: UNet
    seed: int
    num_steps: int
    model_digest: str

    @classmethod
    def load(cls, context: Context) -> "DifFace":
        """Read both networks."""
        swinir, prior = context.weights.values()
        return cls(
            estimator=load_network(SwinIR, SwinIRConfig(), swinir, "DifFace's SwinIR", DERIVED),
            prior=load_network(UNet, IDDPM_FFHQ512, prior, "DifFace's prior"),
            seed=context.seed,
            num_steps=context.settings.num_inference_steps,
            model_digest=weights_digest(context.weights.values()),
        )

    @property
    def native_size(self) -> int:
        """Of the prior."""
        return self.prior.image_size

    def restore(self, examples: IdentityExamples) -> UInt8[np.ndarray, "B S S 3"]:
        """Restore at the prior's size."""
        device = next(self.prior.parameters()).device
        return restore_steadily(lambda batch: self._sample(batch, device), examples, device)

    @torch.no_grad()
    def _sample(
        self, examples: IdentityExamples, device: torch.device
    ) -> UInt8[np.ndarray, "B S S 3"]:
        upsampled = upsampled_lr(examples).to(device)
        size = self.native_size
        degraded = resize_faces((upsampled + 1) / 2, size)
        estimate = self.estimator(degraded).clamp(0, 1) * 2 - 1
        x_0 = difface_sample(
            lambda x_t, t: self.prior(x_t, t)[:, :3],
            estimate,
            linear_alphas_cumprod(NUM_TRAIN_TIMESTEPS).to(device),
            ETA,
            NoiseStream(examples["keys"], self.seed, (3, size, size), device),
            self.num_steps,
        )
        return to_levels(x_0, upsampled.shape[-1])
