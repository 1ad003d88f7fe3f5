"""Fitting the ID embedding of one person (IDFSR, "Pretraining and Finetuning").

z_id, 512 numbers, is all that is optimised. The networks are frozen and in evaluation mode, so the
style embeddings of all pairs of fit image and reference are computed once. What the U-Net does
before its first ID attention does not see z_id either, but it sees x_t and t, which are new in
every step. A fit is short: killed, the same command fits anew from the start to the same bytes.
"""

import dataclasses
import math

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional
from torch.optim.lr_scheduler import CosineAnnealingLR
from tqdm import trange

from idfsr.config import FitConfig
from idfsr.constants import NUM_TRAIN_TIMESTEPS
from idfsr.data.loader import IdentityExamples
from idfsr.diffusion.ddim import seeded_noise
from idfsr.diffusion.process import denoising_loss
from idfsr.diffusion.schedule import linear_alphas_cumprod
from idfsr.errors import IdfsrError
from idfsr.models.idfsr import IDFSR
from idfsr.training.order import batch_indices, derive_seed

HELD_OUT_TIMESTEPS = (125, 375, 625, 875)
"""Where the loss on the test images is measured: the middles of four equal parts."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FitResult:
    """A fitted embedding and how it came about."""

    z_id: Float[Tensor, "512"]
    init: Float[Tensor, "512"]
    """What z_id started from."""
    losses: list[float]
    """On the fit images, before each step."""
    held_out: dict[int, float]
    """Steps made -> mean loss on the test images, at fixed timesteps and noise."""

    def records(self) -> list[dict[str, int | float]]:
        """Return the curves as one record a step, that of step 0 without a training loss."""
        return [
            {"step": step}
            | ({"loss": self.losses[step - 1]} if step else {})
            | ({"held_out_loss": self.held_out[step]} if step in self.held_out else {})
            for step in range(len(self.losses) + 1)
        ]


class FrozenModel:
    """A denoiser of the examples of one person, of which only z_id is still free.

    Args:
        model: Is frozen and put into evaluation mode, on its device.
        examples: All of one part.
        num_references: Take the first so many of each example.
    """

    def __init__(self, model: IDFSR, examples: IdentityExamples, num_references: int) -> None:
        device = next(model.parameters()).device
        self.model = model.eval().requires_grad_(False).to(memory_format=torch.channels_last)
        self.keys = examples["keys"]
        self.x_0 = examples["gt_image"].to(device)
        self.masked_lr = examples["masked_lr"].to(device)
        self.alphas_cumprod = linear_alphas_cumprod(NUM_TRAIN_TIMESTEPS).to(device)
        with torch.no_grad():
            references = examples["warped_ref"][:, :num_references].to(device)
            self.z_s = torch.stack([model.encode_style(warped) for warped in references])

    def losses(
        self,
        z_id: Float[Tensor, "512"],
        rows: Int[Tensor, "B"],
        references: Int[Tensor, "B"],
        t: Int[Tensor, "B"],
        noise: Float[Tensor, "B 3 S S"],
    ) -> Float[Tensor, "B"]:
        """Return the loss of pretraining of some examples under one z_id.

        Args:
            z_id: Of the person.
            rows: Which examples.
            references: Which reference of each.
            t: Timesteps in [0, T - 1].
            noise: Standard normal.
        """
        masked_lr, z_s = self.masked_lr[rows], self.z_s[rows, references]
        return denoising_loss(
            lambda x_t, t: self.model(x_t, t, masked_lr, z_s, z_id.expand(len(x_t), -1)),
            self.model.config.prediction,
            self.x_0[rows],
            t.to(self.x_0.device),
            noise.to(self.x_0.device),
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
            losses = frozen.losses(
                z_id,
                rows,
                torch.zeros_like(rows),
                torch.full_like(rows, t),
                seeded_noise(keys, seed, (channels, height, width)),
            )
            total += losses.sum().item()
    return total / (num * len(HELD_OUT_TIMESTEPS))


def stratified_timesteps(num: int, generator: torch.Generator) -> Int[Tensor, "B"]:
    """Draw timesteps, one from each of `num` equal parts of [0, T - 1], in random order.

    Each is uniform over [0, T - 1], as in pretraining, but a batch always holds small and large
    ones, whose losses differ several times (the low-discrepancy sampler of Kingma et al. 2021).
    """
    places = torch.randperm(num, generator=generator) + torch.rand(num, generator=generator)
    return (places * (NUM_TRAIN_TIMESTEPS / num)).long().clamp(max=NUM_TRAIN_TIMESTEPS - 1)


def first_embedding(
    fit_examples: IdentityExamples, test_examples: IdentityExamples, config: FitConfig
) -> Float[Tensor, "512"]:
    """Return what the fit starts from, of unit norm.

    Args:
        fit_examples: All fit images.
        test_examples: All test images; `reference` takes the first one's reference of the tables,
            with which the pretrained model restores it.
        config: Which of the two.
    """
    if config.init == "mean":
        return functional.normalize(fit_examples["z_id"].mean(dim=0), dim=0)
    return test_examples["reference_z_id"][0, 0].clone()


def fit_identity(
    model: IDFSR,
    fit_examples: IdentityExamples,
    test_examples: IdentityExamples,
    config: FitConfig,
    seed: int,
) -> FitResult:
    """Fit z_id of one person with Adam, whose learning rate falls to 0 along half a cosine.

    Each step draws fit images in shuffled epochs, another fit image as reference of each, timesteps
    and noise. The test images are looked at, never learnt from.

    Args:
        model: Pretrained; is frozen.
        fit_examples: All fit images of the person.
        test_examples: All test images of the person.
        config: Of the fit.
        seed: Of the run.

    Raises:
        IdfsrError: The loss is no longer finite.
    """
    num_references = fit_examples["warped_ref"].shape[1]
    frozen = FrozenModel(model, fit_examples, num_references)
    held_out_model = FrozenModel(model, test_examples, 1)
    init = first_embedding(fit_examples, test_examples, config)
    z_id = init.to(frozen.x_0.device, copy=True).requires_grad_()
    optimiser = torch.optim.Adam([z_id], lr=config.learning_rate)
    schedule = CosineAnnealingLR(optimiser, config.num_steps)
    points = np.linspace(0, config.num_steps, config.num_evaluations + 1).round().astype(int)
    losses: list[float] = []
    held_out = {0: measure_held_out(held_out_model, z_id, config.batch_size, seed)}
    for step in trange(config.num_steps, desc="fit", unit="step", mininterval=2):
        generator = torch.Generator().manual_seed(derive_seed(seed, *frozen.keys, step))
        indices = batch_indices(len(frozen.x_0), config.batch_size, step * config.batch_size, seed)
        rows, num = torch.from_numpy(indices), (config.batch_size,)
        references = torch.randint(num_references, num, generator=generator)
        t = stratified_timesteps(config.batch_size, generator)
        noise = torch.randn((*num, *frozen.x_0.shape[1:]), generator=generator)
        loss = frozen.losses(z_id, rows, references, t, noise).mean()
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            message = (
                f"fit of {frozen.keys[0]}: found loss {losses[-1]} in step {step + 1}, "
                "wanted a finite one; try a smaller fit.learning_rate"
            )
            raise IdfsrError(message)
        (z_id.grad,) = torch.autograd.grad(loss, [z_id])
        optimiser.step()
        schedule.step()
        if step + 1 in points:
            held_out[step + 1] = measure_held_out(held_out_model, z_id, config.batch_size, seed)
    return FitResult(z_id=z_id.detach().cpu(), init=init, losses=losses, held_out=held_out)
