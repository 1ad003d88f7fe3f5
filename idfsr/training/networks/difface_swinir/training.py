"""Networks that see a degraded face and are to give the clean one: regression without a critic."""

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from idfsr.constants import NUM_TRAIN_TIMESTEPS
from idfsr.diffusion.process import q_sample
from idfsr.diffusion.schedule import linear_alphas_cumprod
from idfsr.models.rrdb import RestorerConfig, TimedRestorer
from idfsr.models.sparnet import SPARNet, SPARNetConfig
from idfsr.models.swinir import SwinIR, SwinIRConfig
from idfsr.models.unet import UNet
from idfsr.training.networks.faces import FaceBatch
from idfsr.training.networks.restoration import Loss, Member, measure_restoration, place

SWINIR64: Final = SwinIRConfig(
    channels=60, num_groups=3, blocks_per_group=4, num_heads=6, num_doublings=2
)
RESTORER64: Final = RestorerConfig(channels=32, growth=16, num_blocks=8)
SPARNET64: Final = SPARNetConfig(image_size=64, widths=(16, 32, 64, 128), num_blocks=3)

ENHANCED_TIMESTEPS: Final = (100, 450)
"""Between these DR2 stops, at tau of 10 to 45 steps of 100."""


def estimate(network: SwinIR, batch: FaceBatch) -> Tensor:
    """Return SwinIR's estimate as DifFace has it, in [-1, 1] or near it."""
    found: Tensor = network((place(batch.degraded, network) + 1) / 2)
    return found * 2 - 1


def swinir_loss(network: SwinIR, _: nn.Module | None) -> Loss:
    """Return the mean absolute error, as of the published `swinir_restoration512_L1`."""

    def loss(batch: FaceBatch, _: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        found = estimate(network, batch).float()
        return functional.l1_loss(found, place(batch.gt_image, network)), {}

    return loss


def timed_inputs(
    network: TimedRestorer, batch: FaceBatch, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Return x_t at random timesteps, the degraded face, and the timesteps."""
    x_0 = place(batch.gt_image, network)
    t = torch.randint(NUM_TRAIN_TIMESTEPS, (len(x_0),), generator=generator).to(x_0.device)
    noise = place(torch.randn(x_0.shape, generator=generator), network)
    x_t = q_sample(x_0, t, noise, linear_alphas_cumprod(NUM_TRAIN_TIMESTEPS).to(x_0.device))
    return x_t, place(batch.degraded, network), t


def restorer_loss(network: TimedRestorer, _: nn.Module | None) -> Loss:
    """Return the squared error of the clean face (Yang et al. 2023, section 3.2)."""

    def loss(batch: FaceBatch, generator: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        found = network(*timed_inputs(network, batch, generator)).float()
        return functional.mse_loss(found, place(batch.gt_image, network)), {}

    return loss


def measure_restorer(
    network: TimedRestorer, _: nn.Module | None, batches: Sequence[FaceBatch]
) -> dict[str, str]:
    """Return the PSNR at random timesteps that are the same in every training."""
    generator = torch.Generator().manual_seed(0)
    return measure_restoration(
        lambda batch: network(*timed_inputs(network, batch, generator)), batches
    )


@torch.no_grad()
def smooth_faces(prior: UNet, batch: FaceBatch, generator: torch.Generator) -> Tensor:
    """Return clean faces as the prior sees them through noise: smooth, as DR2 leaves them.

    What DR2 gives its enhancer is the prior's prediction at step tau (Wang et al. 2023); here of
    the noised ground truth, so that the sharp face is known.
    """
    x_0 = place(batch.gt_image, prior)
    t = torch.randint(*ENHANCED_TIMESTEPS, (len(x_0),), generator=generator).to(x_0.device)
    noise = place(torch.randn(x_0.shape, generator=generator), prior)
    alphas_cumprod = linear_alphas_cumprod(NUM_TRAIN_TIMESTEPS).to(x_0.device)
    x_t = q_sample(x_0, t, noise, alphas_cumprod)
    eps: Tensor = prior(x_t, t)[:, :3].float()
    at_t = alphas_cumprod[t][:, None, None, None].float()
    smooth = (x_t - (1 - at_t).sqrt() * eps) / at_t.sqrt()
    return smooth.clamp(-1, 1)


def enhancer_loss(network: SPARNet, prior: nn.Module | None) -> Loss:
    """Return the mean absolute error of sharpened faces."""
    assert isinstance(prior, UNet)

    def loss(batch: FaceBatch, generator: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        found = network(smooth_faces(prior, batch, generator)).float()
        return functional.l1_loss(found, place(batch.gt_image, network)), {}

    return loss


SWINIR: Final = Member(
    title="DifFace's estimator at 64 px",
    make=SwinIR,
    sizes=SWINIR64,
    loss=swinir_loss,
    measure=lambda network, _, batches: measure_restoration(
        lambda batch: estimate(network, batch), batches
    ),
    objective="mean absolute error",
)
RESTORER: Final = Member(
    title="PGDiff's restorer at 64 px",
    make=TimedRestorer,
    sizes=RESTORER64,
    loss=restorer_loss,
    measure=measure_restorer,
    objective="squared error, t uniform",
)
ENHANCER: Final = Member(
    title="DR2's enhancer at 64 px",
    make=SPARNet,
    sizes=SPARNET64,
    loss=enhancer_loss,
    measure=lambda _network, _first, _batches: {},
    objective="mean absolute error, from faces as the prior sees them through noise",
)
