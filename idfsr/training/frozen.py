"""The denoiser of one person's examples with all its weights frozen, as the fit sees it."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from idfsr.config.types import Precision
from idfsr.constants import NUM_TRAIN_TIMESTEPS
from idfsr.diffusion.ddim import seeded_noise
from idfsr.diffusion.process import denoising_loss
from idfsr.diffusion.schedule import linear_alphas_cumprod
from idfsr.io.examples import IdentityExamples
from idfsr.models.device import autocast
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
        precision: Of the networks.
    """

    def __init__(
        self,
        model: IDFSR,
        examples: IdentityExamples,
        num_references: int,
        precision: Precision,
    ) -> None:
        self.device, self.precision = next(model.parameters()).device, precision
        self.model = model.eval().requires_grad_(False).to(memory_format=torch.channels_last)
        self.keys = examples["keys"]
        self.x_0 = examples["gt_image"].to(self.device)
        self.masked_lr = examples["masked_lr"].to(self.device)
        self.alphas_cumprod = linear_alphas_cumprod(NUM_TRAIN_TIMESTEPS).to(self.device)
        with torch.no_grad(), autocast(self.device, precision):
            references = examples["warped_ref"][:, :num_references].to(self.device)
            z_s = torch.stack([model.encode_style(warped) for warped in references])
        self.z_s = z_s.float()

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
        device, num = self.device, (batch_size,)
        generator = torch.Generator(device).manual_seed(derive_seed(seed, *self.keys, step))
        indices = batch_indices(len(self.x_0), batch_size, step * batch_size, seed)
        references = torch.randint(self.z_s.shape[1], num, generator=generator, device=device)
        t = stratified_timesteps(batch_size, generator)
        noise = torch.randn((*num, *self.x_0.shape[1:]), generator=generator, device=device)
        return self.take(torch.from_numpy(indices), references, t, noise)

    def draw_held_out(self, seed: int) -> Drawn:
        """Return all examples at all `HELD_OUT_TIMESTEPS`, each with its first reference."""
        num, channels, height, width = self.x_0.shape
        rows = torch.arange(num).repeat(len(HELD_OUT_TIMESTEPS))
        t = torch.tensor(HELD_OUT_TIMESTEPS).repeat_interleave(num)
        keys = [f"{self.keys[row]}/t{step}" for row, step in zip(rows, t, strict=True)]
        noise = seeded_noise(keys, seed, (channels, height, width))
        return self.take(rows, torch.zeros_like(rows), t, noise)

    def losses(self, z_id: Float[Tensor, "B D"], drawn: Drawn) -> Float[Tensor, "B"]:
        """Return the loss of pretraining of each example, which may be another person's."""

        def predict(x_t: Tensor, t: Tensor) -> Tensor:
            with autocast(self.device, self.precision):
                predicted: Tensor = self.model(x_t, t, drawn.masked_lr, drawn.z_s, z_id)
            return predicted

        return denoising_loss(
            predict,
            self.model.config.prediction,
            drawn.x_0,
            drawn.t,
            drawn.noise,
            self.alphas_cumprod,
        ).losses


@torch.no_grad()
def measure_held_out(
    people: Sequence[FrozenModel], z_ids: Float[Tensor, "P D"], batch_size: int, seed: int
) -> list[float]:
    """Return each person's mean loss on all examples, at fixed t and noise.

    Args:
        people: With the test images, all of one network.
        z_ids: To judge, one each.
        batch_size: Images of one person at a time; the network takes so many times the people.
        seed: Of the noise, which is the same in every call.
    """
    drawn = [frozen.draw_held_out(seed) for frozen in people]
    nums = [len(each.t) for each in drawn]
    owners = z_ids.repeat_interleave(torch.tensor(nums, device=z_ids.device), dim=0)
    whole = Drawn(*(torch.cat(parts) for parts in zip(*drawn, strict=True)))
    losses = []
    for start in range(0, sum(nums), batch_size * len(people)):
        part = slice(start, start + batch_size * len(people))
        losses.append(people[0].losses(owners[part], Drawn(*(each[part] for each in whole))))
    return [each.mean().item() for each in torch.split(torch.cat(losses), nums)]


def stratified_timesteps(num: int, generator: torch.Generator) -> Int[Tensor, "B"]:
    """Draw timesteps, one from each of `num` equal parts of [0, T - 1], in random order.

    Each is uniform over [0, T - 1], as in pretraining, but a batch always holds small and large
    ones, whose losses differ several times (the low-discrepancy sampler of Kingma et al. 2021).
    """
    device = generator.device
    places = torch.randperm(num, generator=generator, device=device)
    places = places + torch.rand(num, generator=generator, device=device)
    return (places * (NUM_TRAIN_TIMESTEPS / num)).long().clamp(max=NUM_TRAIN_TIMESTEPS - 1)
