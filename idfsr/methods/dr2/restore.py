"""DR2 (Wang et al. 2023): a noised face denoised by a prior that keeps its low frequencies.

What degraded the face drowns in the noise, and the prior puts a clean, smooth face in its place; an
enhancer, SPARNetHD, sharpens it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, Float64, UInt8
from torch import Tensor

from idfsr.constants import NUM_TRAIN_TIMESTEPS
from idfsr.diffusion.ddpm import PredictWithVariance, draw, predict_posterior
from idfsr.diffusion.noise import DrawNoise, NoiseStream
from idfsr.diffusion.process import q_sample
from idfsr.diffusion.schedule import linear_alphas_cumprod, spread_timesteps
from idfsr.io.examples import IdentityExamples
from idfsr.methods.dr2 import Dr2Filter
from idfsr.methods.dr2.low_pass import low_pass
from idfsr.methods.engine.contract import Context, Restorer
from idfsr.methods.engine.native import resize_faces, to_levels, upsampled_lr, weights_digest
from idfsr.methods.engine.restore import restore_steadily
from idfsr.models.priors import ADM_FFHQ256
from idfsr.models.published import load_network
from idfsr.models.sparnet import SPARNet, SPARNetConfig
from idfsr.models.spectral import fold_spectral_norm
from idfsr.models.unet import UNet
from idfsr.models.winograd import speed_up

NUM_STEPS: Final = 100
"""Of the whole respaced process."""

_STEPS_ABOVE: Final = ((1, 5), (2, 10), (4, 20), (8, 25))
_MOST_STEPS_ABOVE: Final = 30


def first_step(settings: Dr2Filter) -> int:
    """Return omega, the step at which the noised face starts.

    It lies above tau by more steps the coarser the filter is, as in the authors' program.
    """
    above = (steps for factor, steps in _STEPS_ABOVE if settings.factor <= factor)
    return settings.tau + next(above, _MOST_STEPS_ABOVE)


@torch.no_grad()
def dr2_sample(
    predict: PredictWithVariance,
    degraded: Float[Tensor, "B C H W"],
    settings: Dr2Filter,
    timesteps: Sequence[int],
    alphas_cumprod: Float64[Tensor, "T"],
    draw_noise: DrawNoise,
) -> Float[Tensor, "B C H W"]:
    """Remove a degradation (Wang et al. 2023, Algorithm 1).

    After each step the low frequencies become those of the degraded face, noised to the same level.
    The clean image predicted at step tau is the result.

    Args:
        predict: See `predict_posterior`.
        degraded: In [-1, 1].
        settings: N, the factor of the filter, and tau.
        timesteps: Ascending.
        alphas_cumprod: Over all training timesteps, on the device of the faces.
        draw_noise: Called once for the start; then at each step for the prior and, but for the
            last, for the noised face.

    Returns:
        x_0 in [-1, 1].
    """

    def noised(index: int) -> Float[Tensor, "B C H W"]:
        t = torch.full((len(degraded),), timesteps[index], device=degraded.device)
        return q_sample(degraded, t, draw_noise(), alphas_cumprod)

    x_t = noised(first_step(settings))
    for index in range(first_step(settings), settings.tau, -1):
        posterior = predict_posterior(predict, x_t, timesteps, index, alphas_cumprod)
        x_t = draw(posterior, draw_noise(), index)
        x_t = x_t + low_pass(noised(index - 1) - x_t, settings.factor)
    return predict_posterior(predict, x_t, timesteps, settings.tau, alphas_cumprod).x_0


@dataclass(frozen=True, kw_only=True)
class Dr2(Restorer):
    """The method with its networks."""

    prior: UNet
    enhancer: SPARNet
    settings: Dr2Filter
    seed: int
    model_digest: str

    @classmethod
    def load(cls, context: Context) -> "Dr2":
        """Read both networks."""
        prior, enhancer = context.weights.values()
        sparnet = load_network(SPARNet, SPARNetConfig(), enhancer, "DR2's SPARNetHD")
        fold_spectral_norm(sparnet)
        return cls(
            prior=speed_up(load_network(UNet, ADM_FFHQ256, prior, "DR2's prior")),
            enhancer=sparnet,
            settings=context.settings.of_scale(context.scale_factor),
            seed=context.seed,
            model_digest=weights_digest(context.weights.values()),
        )

    @property
    def native_size(self) -> int:
        """Of the enhancer; the published prior's is half of it."""
        return self.enhancer.image_size

    def restore(self, examples: IdentityExamples) -> UInt8[np.ndarray, "B S S 3"]:
        """Restore at the prior's size and enhance at the enhancer's."""
        device = next(self.prior.parameters()).device
        return restore_steadily(lambda batch: self._sample(batch, device), examples, device)

    @torch.no_grad()
    def _sample(
        self, examples: IdentityExamples, device: torch.device
    ) -> UInt8[np.ndarray, "B S S 3"]:
        upsampled = upsampled_lr(examples).to(device)
        size = self.prior.image_size
        clean = dr2_sample(
            self.prior,
            resize_faces(upsampled, size),
            self.settings,
            spread_timesteps(NUM_TRAIN_TIMESTEPS, NUM_STEPS),
            linear_alphas_cumprod(NUM_TRAIN_TIMESTEPS).to(device),
            NoiseStream(examples["keys"], self.seed, (3, size, size), device),
        )
        enhanced = self.enhancer(resize_faces(clean, self.native_size))
        return to_levels(enhanced, upsampled.shape[-1])
