"""The denoiser of one person's examples with all its weights frozen, as the fit sees it."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from idfsr.constants import NUM_TRAIN_TIMESTEPS
from idfsr.data.loader import IdentityExamples
from idfsr.diffusion.ddim import seeded_noise
from idfsr.diffusion.process import denoising_loss
from idfsr.diffusion.schedule import linear_alphas_cumprod
from idfsr.models.idfsr import IDFSR
from idfsr.training.order import batch_indices, derive_seed

HELD_OUT_TIMESTEPS = (125, 375, 625, 875)
"""Where the loss on the test images is measured: the middles of four equal parts."""


class Drawn(NamedTuple):
    """A batch of one person, or of several one after the other."""

    x_0: Float[Tensor, "B 3 S S"]
    masked_lr: Float[Tensor, "B 3 S S"]
    z_s: Float[Tensor, "B Z"]
    t: Int[Tensor, "B"]
    """Timesteps in [0, T - 1]."""
    noise: Float[Tensor, "B 3 S S"]
    """Standard normal."""


class FrozenModel:
    """A denoiser of the examples of one person, of which only z_id is still free.

    Args:
        model: Is frozen and put into evaluation mode, on its device.
        examples: All of one part.
        num_references: Take the first so many of each example.
    """

    def __init__(self, model: IDFSR, examples: IdentityExamples, num_references: int) -> None:
        self.device = next(model.parameters()).device
        self.model = model.eval().requires_grad_(False).to(memory_format=torch.channels_last)
        self.keys = examples["keys"]
        self.x_0 = examples["gt_image"].to(self.device)
        self.masked_lr = examples["masked_lr"].to(self.device)
        self.alphas_cumprod = linear_alphas_cumprod(NUM_TRAIN_TIMESTEPS).to(self.device)
        with torch.no_grad():
            references = examples["warped_ref"][:, :num_references].to(self.device)
            self.z_s = torch.stack([model.encode_style(warped) for warped in references])

    def take(
        self,
        rows: Int[Tensor, "B"],
        references: Int[Tensor, "B"],
        t: Int[Tensor, "B"],
        noise: Float[Tensor, "B 3 S S"],
    ) -> Drawn:
        """Return some examples with what they are to be mixed with.

        Args:
            rows: Which examples.
            references: Which reference of each.
            t: See `Drawn`.
            noise: See `Drawn`.
        """
        return Drawn(
            x_0=self.x_0[rows],
            masked_lr=self.masked_lr[rows],
            z_s=self.z_s[rows, references],
            t=t.to(self.device),
            noise=noise.to(self.device),
        )

    def draw(self, step: int, batch_size: int, seed: int) -> Drawn:
        """Draw the batch of a step: fit images in shuffled epochs, each with a random reference."""
        generator = torch.Generator().manual_seed(derive_seed(seed, *self.keys, step))
        indices = batch_indices(len(self.x_0), batch_size, step * batch_size, seed)
        num = (batch_size,)
        references = torch.randint(self.z_s.shape[1], num, generator=generator)
        t = stratified_timesteps(batch_size, generator)
        noise = torch.randn((*num, *self.x_0.shape[1:]), generator=generator)
        return self.take(torch.from_numpy(indices), references, t, noise)

    def losses(self, z_id: Float[Tensor, "B 512"], drawn: Drawn) -> Float[Tensor, "B"]:
        """Return the loss of pretraining of each example, which may be another person's."""
        return denoising_loss(
            lambda x_t, t: self.model(x_t, t, drawn.masked_lr, drawn.z_s, z_id),
            self.model.config.prediction,
            drawn.x_0,
            drawn.t,
            drawn.noise,
            self.alphas_cumprod,
        ).losses


@torch.no_grad()
def measure_held_out(
    frozen: FrozenModel, z_id: Float[Tensor, "512"], batch_size: int, seed: int
) -> float:
    """Return the mean loss on all examples with their first reference, at fixed t and noise.

    Args:
        frozen: With the test images.
        z_id: To judge.
        batch_size: Images at a time.
        seed: Of the noise, which is the same in every call.
    """
    total = 0.0
    num, channels, height, width = frozen.x_0.shape
    for t in HELD_OUT_TIMESTEPS:
        for start in range(0, num, batch_size):
            rows = torch.arange(start, min(start + batch_size, num))
            keys = [f"{frozen.keys[row]}/t{t}" for row in rows]
            drawn = frozen.take(
                rows,
                torch.zeros_like(rows),
                torch.full_like(rows, t),
                seeded_noise(keys, seed, (channels, height, width)),
            )
            losses = frozen.losses(z_id.expand(len(rows), -1), drawn)
            total += losses.sum().item()
    return total / (num * len(HELD_OUT_TIMESTEPS))


def stratified_timesteps(num: int, generator: torch.Generator) -> Int[Tensor, "B"]:
    """Draw timesteps, one from each of `num` equal parts of [0, T - 1], in random order.

    Each is uniform over [0, T - 1], as in pretraining, but a batch always holds small and large
    ones, whose losses differ several times (the low-discrepancy sampler of Kingma et al. 2021).
    """
    places = torch.randperm(num, generator=generator) + torch.rand(num, generator=generator)
    return (places * (NUM_TRAIN_TIMESTEPS / num)).long().clamp(max=NUM_TRAIN_TIMESTEPS - 1)
