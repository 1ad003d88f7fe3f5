"""PGDiff (Yang et al. 2023): a prior's sampling led towards what a restorer makes of the face.

"Partial guidance": at each step the mean of the next image moves towards an estimate of the smooth
semantics. With a reference it also moves towards the reference's identity, as ArcFace sees it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, Float64, UInt8
from torch import Tensor

from idfsr.constants import ARCFACE_SIZE, NUM_TRAIN_TIMESTEPS
from idfsr.diffusion.ddpm import PredictWithVariance, draw, predict_posterior
from idfsr.diffusion.noise import DrawNoise, NoiseStream
from idfsr.diffusion.schedule import ddim_timesteps, linear_alphas_cumprod
from idfsr.io.examples import IdentityExamples
from idfsr.methods.engine.contract import Context, Restorer
from idfsr.methods.engine.native import resize_faces, to_levels, upsampled_lr, weights_digest
from idfsr.methods.engine.restore import restore_steadily
from idfsr.methods.pgdiff import PgDiffConfig
from idfsr.models.iresnet import IRESNET50, IResNet
from idfsr.models.priors import IDDPM_FFHQ512
from idfsr.models.published import load_network
from idfsr.models.rrdb import RestorerConfig, TimedRestorer
from idfsr.models.unet import UNet

SEMANTICS_WEIGHT: Final = 1.0
IDENTITY_WEIGHT: Final = 25.0
"""Of the two squared distances, as in the authors' program; the paper's text has another one."""

Gradient = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(x_0, x_t "B C H W", t Int "B") -> the gradient of what is to become small, by x_0."""

Embed = Callable[[Tensor], Tensor]


def semantics_gradient(
    x_0: Float[Tensor, "B C H W"], target: Float[Tensor, "B C H W"]
) -> Float[Tensor, "B C H W"]:
    """Return the gradient of the squared distance to an estimate (Yang et al. 2023, Eq. 6)."""
    return 2 * SEMANTICS_WEIGHT * (x_0 - target)


def identity_gradient(
    x_0: Float[Tensor, "B C H W"], embed: Embed, embedding: Float[Tensor, "B E"]
) -> Float[Tensor, "B C H W"]:
    """Return the gradient of the squared distance to a reference's embedding."""
    with torch.enable_grad():
        image = x_0.detach().requires_grad_()
        distance = IDENTITY_WEIGHT * (embed(image) - embedding).square().sum()
        (gradient,) = torch.autograd.grad(distance, image)
    return gradient


@torch.no_grad()
def pgdiff_sample(
    predict: PredictWithVariance,
    gradient: Gradient,
    timesteps: Sequence[int],
    alphas_cumprod: Float64[Tensor, "T"],
    guidance_scale: float,
    draw_noise: DrawNoise,
) -> Float[Tensor, "B C H W"]:
    """Sample with guidance on the clipped clean image (Yang et al. 2023, Algorithm 1).

    Args:
        predict: See `predict_posterior`.
        gradient: By the clean image alone; nothing goes back through the prior.
        timesteps: Ascending.
        alphas_cumprod: Over all training timesteps.
        guidance_scale: Of the gradient, which the variance scales too.
        draw_noise: Called once for x_T, then once a step.

    Returns:
        x_0, clipped nowhere after the last step.
    """
    x_t = draw_noise()
    for index in range(len(timesteps) - 1, -1, -1):
        posterior = predict_posterior(predict, x_t, timesteps, index, alphas_cumprod)
        t = torch.full((len(x_t),), timesteps[index], dtype=torch.int64, device=x_t.device)
        shift = guidance_scale * posterior.variance * gradient(posterior.x_0, x_t, t)
        guided = posterior._replace(mean=posterior.mean - shift)
        x_t = draw(guided, draw_noise(), index)
    return x_t


@dataclass(frozen=True, kw_only=True)
class PgDiff(Restorer):
    """The method with its networks."""

    prior: UNet
    restorer: TimedRestorer
    recogniser: IResNet | None
    """Of the reference's identity; None leaves the reference out."""
    settings: PgDiffConfig
    seed: int
    model_digest: str

    @classmethod
    def load(cls, context: Context) -> "PgDiff":
        """Read the networks."""
        paths = context.weights
        recogniser = None
        if "pgdiff_arcface" in paths:
            recogniser = load_network(
                IResNet, IRESNET50, paths["pgdiff_arcface"], "PGDiff's ArcFace"
            )
        return cls(
            prior=load_network(UNet, IDDPM_FFHQ512, paths["iddpm_ffhq512"], "PGDiff's prior"),
            restorer=load_network(
                TimedRestorer, RestorerConfig(), paths["pgdiff_restorer"], "PGDiff's restorer"
            ),
            recogniser=recogniser,
            settings=context.settings,
            seed=context.seed,
            model_digest=weights_digest(paths.values()),
        )

    @property
    def native_size(self) -> int:
        """Of the prior."""
        return self.prior.image_size

    def restore(self, examples: IdentityExamples) -> UInt8[np.ndarray, "B S S 3"]:
        """Restore at the prior's size."""
        device = next(self.prior.parameters()).device
        return restore_steadily(lambda batch: self._sample(batch, device), examples, device)

    def _sample(
        self, examples: IdentityExamples, device: torch.device
    ) -> UInt8[np.ndarray, "B S S 3"]:
        upsampled = upsampled_lr(examples).to(device)
        size = self.native_size
        x_0 = pgdiff_sample(
            self.prior,
            self.gradient(examples, resize_faces(upsampled, size)),
            ddim_timesteps(NUM_TRAIN_TIMESTEPS, self.settings.num_inference_steps),
            linear_alphas_cumprod(NUM_TRAIN_TIMESTEPS),
            self.settings.guidance_scale,
            NoiseStream(examples["keys"], self.seed, (3, size, size), device),
        )
        return to_levels(x_0, upsampled.shape[-1])

    def gradient(self, examples: IdentityExamples, degraded: Float[Tensor, "B 3 H W"]) -> Gradient:
        """Return what leads the sampling of a batch.

        Args:
            examples: Their references, if there is a recogniser.
            degraded: At the size of the prior, in [-1, 1].
        """

        def semantics(x_0: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
            return semantics_gradient(x_0, self.restorer(x_t, degraded, t).clamp(-1, 1))

        if self.recogniser is None:
            return semantics
        recogniser = self.recogniser

        def embed(images: Tensor) -> Tensor:
            # of the whole face image, not of an aligned crop
            small = torch.nn.functional.interpolate(
                images, size=ARCFACE_SIZE, mode="bilinear", antialias=True
            )
            embedding: Tensor = recogniser(small)
            return embedding

        reference = examples["warped_ref"][:, 0].to(degraded.device)
        with torch.no_grad():
            embedding = embed(resize_faces(reference, self.native_size))

        def both(x_0: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
            return semantics(x_0, x_t, t) + identity_gradient(x_0, embed, embedding)

        return both
