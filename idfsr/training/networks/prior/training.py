"""The unconditional prior that DifFace, PGDiff and DR2 share in the embedded default.

One network where their authors have two: it has the blocks of DifFace's, and serves DR2 at the same
size as its enhancer.
"""

import dataclasses
from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from idfsr.constants import NUM_TRAIN_TIMESTEPS
from idfsr.diffusion.hybrid_loss import hybrid_losses
from idfsr.diffusion.schedule import linear_alphas_cumprod
from idfsr.models.priors import IDDPM_FFHQ512
from idfsr.models.unet import UNet
from idfsr.training.networks.faces import FaceBatch, FaceData, read_face_data
from idfsr.training.networks.record import Loss, Measured, Training, place

PRIOR64: Final = dataclasses.replace(
    IDDPM_FFHQ512,
    image_size=64,
    channel_mult=(1, 1, 2, 3),
    num_res_blocks=1,
    attention_resolutions=(16, 8),
    num_heads=1,
    head_channels=0,
)


def prior_losses(
    network: UNet, batch: FaceBatch, generator: torch.Generator
) -> tuple[Float[Tensor, " B"], Float[Tensor, " B"]]:
    """Return both losses of clean faces at random timesteps; see `hybrid_losses`."""
    x_0 = place(batch.gt_image, network)
    device, num = generator.device, len(x_0)
    t = torch.randint(NUM_TRAIN_TIMESTEPS, (num,), generator=generator, device=device)
    noise = place(torch.randn(x_0.shape, generator=generator, device=device), network)
    alphas_cumprod = linear_alphas_cumprod(NUM_TRAIN_TIMESTEPS).to(x_0.device)
    return hybrid_losses(network, x_0, t, noise, alphas_cumprod)


def prior_loss(network: UNet, _: nn.Module | None) -> Loss:
    """Return the loss of Nichol & Dhariwal (2021)."""

    def loss(batch: FaceBatch, generator: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        squared, bound = (losses.mean() for losses in prior_losses(network, batch, generator))
        return squared + bound, {"squared_error": squared, "bound": bound}

    return loss


@torch.no_grad()
def measure_prior(network: UNet, _: nn.Module | None, data: FaceData) -> Measured:
    """Return both losses at timesteps and noise that are the same in every training."""
    generator = torch.Generator(next(network.parameters()).device).manual_seed(0)
    found = [prior_losses(network, batch, generator) for batch in data.held_out()]
    squared, bound = (torch.cat(losses).mean().item() for losses in zip(*found, strict=True))
    return Measured(
        {"squared error of eps": f"{squared:.4f}", "term of the bound": f"{bound:.4f} bits"}
    )


TRAINING: Final = Training(
    sizes=PRIOR64,
    make=UNet,
    read=read_face_data,
    loss=prior_loss,
    measure=measure_prior,
)
