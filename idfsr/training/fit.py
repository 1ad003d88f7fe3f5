"""Fitting the ID embedding of one person or several (IDFSR, "Pretraining and Finetuning").

z_id, 512 numbers, is all that is optimised. The networks are frozen and in evaluation mode, so the
style embeddings of all pairs of fit image and reference are computed once. What the U-Net does
before its first ID attention does not see z_id either, but it sees x_t and t, which are new in
every step. A fit is short: killed, the same command fits anew from the start to the same bytes.

People who are fitted at once share the network's passes and nothing else: each has their own random
numbers, z_id and moments of Adam, which work element by element. Alone or together, they end with
the same z_id but for the rounding of sums in batches of another size.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import NamedTuple

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


class Fit:
    """The fit of one person while it goes on.

    Args:
        model: Pretrained; is frozen.
        fit_examples: All fit images of the person.
        test_examples: All test images of the person.
        config: Of the fit.
        seed: Of the run.
    """

    def __init__(
        self,
        model: IDFSR,
        fit_examples: IdentityExamples,
        test_examples: IdentityExamples,
        config: FitConfig,
        seed: int,
    ) -> None:
        self.config, self.seed = config, seed
        self.frozen = FrozenModel(model, fit_examples, fit_examples["warped_ref"].shape[1])
        self._test = FrozenModel(model, test_examples, 1)
        self.init = first_embedding(fit_examples, test_examples, config)
        self._losses: list[float] = []
        self._held_out: dict[int, float] = {}
        self._best = (math.inf, self.init)
        self._num_worse = 0

    @property
    def stopped(self) -> bool:
        """Whether it has not become better for long enough."""
        return 0 < self.config.patience <= self._num_worse

    def note_loss(self, loss: float) -> None:
        """Keep the loss of a step.

        Raises:
            IdfsrError: It is not finite.
        """
        self._losses.append(loss)
        if not math.isfinite(loss):
            message = (
                f"fit of {self.frozen.keys[0]}: found loss {loss} in step {len(self._losses)}, "
                "wanted a finite one; try a smaller fit.learning_rate"
            )
            raise IdfsrError(message)

    def look(self, step: int, z_id: Float[Tensor, "512"]) -> None:
        """Measure the loss on the test images, and on the fit images if it may stop the fit."""
        batch_size = self.config.batch_size
        self._held_out[step] = measure_held_out(self._test, z_id, batch_size, self.seed)
        if self.config.patience == 0:
            return
        loss = measure_held_out(self.frozen, z_id, batch_size, self.seed)
        better = loss < self._best[0]
        self._num_worse = 0 if better else self._num_worse + 1
        if better:
            self._best = loss, z_id.clone()

    def result(self, z_id: Float[Tensor, "512"]) -> FitResult:
        """Return the outcome.

        Args:
            z_id: After the last step.
        """
        return FitResult(
            z_id=(self._best[1] if self.config.patience else z_id).cpu(),
            init=self.init,
            losses=self._losses,
            held_out=self._held_out,
        )


def fit_identities(
    model: IDFSR,
    people: Sequence[tuple[IdentityExamples, IdentityExamples]],
    config: FitConfig,
    seed: int,
) -> list[FitResult]:
    """Fit z_id of each of some people with Adam, whose learning rate falls along half a cosine.

    The test images are looked at, never learnt from.

    Args:
        model: Pretrained; is frozen.
        people: All fit images and all test images of each.
        config: Of the fit.
        seed: Of the run.

    Raises:
        IdfsrError: A loss is no longer finite.
    """
    fits = [Fit(model, *examples, config, seed) for examples in people]
    frozen = fits[0].frozen
    z_ids = torch.stack([fit.init for fit in fits]).to(frozen.device).requires_grad_()
    optimiser = torch.optim.Adam([z_ids], lr=config.learning_rate)
    schedule = CosineAnnealingLR(optimiser, config.num_steps)
    points = np.linspace(0, config.num_steps, config.num_evaluations + 1).round().astype(int)
    for fit, z_id in zip(fits, z_ids.detach(), strict=True):
        fit.look(0, z_id)
    for step in trange(config.num_steps, desc="fit", unit="step", mininterval=2):
        active = [index for index, fit in enumerate(fits) if not fit.stopped]
        if not active:
            break
        batches = [fits[index].frozen.draw(step, config.batch_size, seed) for index in active]
        drawn = Drawn(*(torch.cat(parts) for parts in zip(*batches, strict=True)))
        owners = z_ids[active][:, None].expand(-1, config.batch_size, -1).flatten(0, 1)
        losses = frozen.losses(owners, drawn).reshape(len(active), -1).mean(dim=1)
        for index, loss in zip(active, losses.tolist(), strict=True):
            fits[index].note_loss(loss)
        (z_ids.grad,) = torch.autograd.grad(losses.sum(), [z_ids])
        optimiser.step()
        schedule.step()
        if step + 1 in points:
            for index in active:
                fits[index].look(step + 1, z_ids[index].detach())
    return [fit.result(z_id) for fit, z_id in zip(fits, z_ids.detach(), strict=True)]


def fit_identity(
    model: IDFSR,
    fit_examples: IdentityExamples,
    test_examples: IdentityExamples,
    config: FitConfig,
    seed: int,
) -> FitResult:
    """Fit z_id of one person; see `fit_identities`."""
    (result,) = fit_identities(model, [(fit_examples, test_examples)], config, seed)
    return result
