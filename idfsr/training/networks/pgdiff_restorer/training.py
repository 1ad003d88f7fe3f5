"""The network whose estimate of the clean face guides PGDiff."""

from typing import Final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from idfsr.constants import NUM_TRAIN_TIMESTEPS
from idfsr.diffusion.process import q_sample
from idfsr.diffusion.schedule import linear_alphas_cumprod
from idfsr.models.rrdb import RestorerConfig, TimedRestorer
from idfsr.training.networks.faces import FaceBatch, FaceData, read_face_data
from idfsr.training.networks.record import Loss, Measured, Training, place
from idfsr.training.networks.restoration import measure_restoration

RESTORER64: Final = RestorerConfig(channels=32, growth=16, num_blocks=8)


def timed_inputs(
    network: TimedRestorer, batch: FaceBatch, generator: torch.Generator
) -> tuple[Float[Tensor, "B 3 S S"], Float[Tensor, "B 3 S S"], Int[Tensor, " B"]]:
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


def measure_restorer(network: TimedRestorer, _: nn.Module | None, data: FaceData) -> Measured:
    """Return the PSNR at random timesteps that are the same in every training."""
    generator = torch.Generator().manual_seed(0)
    return measure_restoration(
        lambda batch: network(*timed_inputs(network, batch, generator)), data.held_out()
    )


TRAINING: Final = Training(
    sizes=RESTORER64,
    make=TimedRestorer,
    read=read_face_data,
    loss=restorer_loss,
    measure=measure_restorer,
)
