"""Fitting the ID embedding of one person or several (IDFSR, "Pretraining and Finetuning").

z_id is all that is optimised. The networks are frozen and in evaluation mode, so the
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

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.optim.lr_scheduler import CosineAnnealingLR
from tqdm import trange

from idfsr.config.fit import FitConfig
from idfsr.errors import IdfsrError
from idfsr.io.examples import IdentityExamples, mean_direction
from idfsr.models.idfsr import IDFSR
from idfsr.training.frozen import Drawn, FrozenModel, measure_held_out


@dataclasses.dataclass(frozen=True, kw_only=True)
class FitResult:
    """A fitted embedding and how it came about."""

    z_id: Float[Tensor, "D"]
    init: Float[Tensor, "D"]
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


def first_embedding(
    fit_examples: IdentityExamples, test_examples: IdentityExamples, config: FitConfig
) -> Float[Tensor, "D"]:
    """Return what the fit starts from, of unit norm.

    Args:
        fit_examples: All fit images.
        test_examples: All test images; `reference` takes the first one's reference of the tables,
            with which the pretrained model restores it.
        config: Which of the two.
    """
    if config.init == "mean":
        return mean_direction(fit_examples["z_id"])
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
        num_references = fit_examples["warped_ref"].shape[1]
        self.frozen = FrozenModel(model, fit_examples, num_references, config.precision)
        self.test = FrozenModel(model, test_examples, 1, config.precision)
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

    def note_held_out(self, step: int, loss: float) -> None:
        """Keep the loss on the test images after some steps."""
        self._held_out[step] = loss

    def keep_if_best(self, loss: float, z_id: Float[Tensor, "D"]) -> None:
        """Keep z_id if the loss on the fit images, at timesteps of no step, is the least so far."""
        better = loss < self._best[0]
        self._num_worse = 0 if better else self._num_worse + 1
        if better:
            self._best = loss, z_id.clone()

    def result(self, z_id: Float[Tensor, "D"]) -> FitResult:
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


def look(fits: Sequence[Fit], step: int, z_ids: Float[Tensor, "P D"]) -> None:
    """Measure the losses on the test images, and on the fit images if they may stop a fit."""
    config, seed = fits[0].config, fits[0].seed
    losses = measure_held_out([fit.test for fit in fits], z_ids, config.batch_size, seed)
    for fit, loss in zip(fits, losses, strict=True):
        fit.note_held_out(step, loss)
    if config.patience == 0:
        return
    losses = measure_held_out([fit.frozen for fit in fits], z_ids, config.batch_size, seed)
    for fit, loss, z_id in zip(fits, losses, z_ids, strict=True):
        fit.keep_if_best(loss, z_id)


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
    look(fits, 0, z_ids.detach())
    for step in trange(config.num_steps, desc="fit", unit="step", mininterval=2):
        active = [index for index, fit in enumerate(fits) if not fit.stopped]
        if not active:
            break
        batches = [fits[index].frozen.draw(step, config.batch_size, seed) for index in active]
        drawn = Drawn(*(torch.cat(parts) for parts in zip(*batches, strict=True)))
        owners = z_ids[active][:, None].expand(-1, config.batch_size, -1).flatten(0, 1)
        losses = frozen.losses(owners, drawn).reshape(len(active), -1).mean(dim=1)
        (z_ids.grad,) = torch.autograd.grad(losses.sum(), [z_ids])
        optimiser.step()
        schedule.step()
        # asked for last, for a GPU is waited for here
        for index, loss in zip(active, losses.tolist(), strict=True):
            fits[index].note_loss(loss)
        if step + 1 in points:
            look([fits[index] for index in active], step + 1, z_ids[active].detach())
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
